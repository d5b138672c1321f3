/**
 * The cases of one library that are compared with the library itself. Every adapter of a JavaScript library has at least fifteen
 * (`test/repository.test.ts` wants them, and the major versions), so that none is tested by a few easy ones.
 * @param library the adapter's id, with the version where several are tested: `drizzle 1.0`.
 */
export const compared = <T>(library: string, cases: readonly T[]): readonly T[] => atLeast(15, library, cases);

/** Code that looks like the library's and is none of its queries: at least five pieces. */
export const innocent = <T>(library: string, cases: readonly T[]): readonly T[] => atLeast(5, library, cases);

function atLeast<T>(count: number, library: string, cases: readonly T[]): readonly T[] {
  if (cases.length < count) throw new Error(`${library}: ${cases.length} cases, ${count} are wanted`);
  return cases;
}
