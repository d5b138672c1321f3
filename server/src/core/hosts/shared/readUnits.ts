import type { SyntaxNode } from '../syntax';
import { Assembly } from './assembly';
import { Tangled } from './moved';
import { listUnits, planReading, type FileParts, type Plan, type ReadingMemory, type UnitLanguage } from './units';

export interface UnitsRequest {
  readonly language: UnitLanguage;
  readonly root: SyntaxNode;
  readonly text: string;
  /** What must be as it was for a reading to build on the last one; undefined: this file is always read whole. */
  readonly key: string | undefined;
  readonly memory: ReadingMemory | undefined;
  /** Called before a walk through all of the file. */
  readWhole(): void;
  walk(assembly?: Assembly): { readonly parts: FileParts; readonly siteIndex: readonly number[]; readonly builders: ReadonlySet<number> };
}

/** The facts of a file: by one walk, or, after an edit in one function, by a walk through what the edit may have changed. */
export function readUnits({ language, root, text, key, memory, walk, readWhole }: UnitsRequest): FileParts {
  const last = memory?.key === key ? memory?.last : undefined;
  if (memory) Object.assign(memory, { last: undefined, key, partial: false });
  if (!last) readWhole();
  if (!memory || key === undefined) return walk().parts;
  const { units, nodes, writers } = listUnits(language, root);
  const read = (plan: Plan | undefined): FileParts => {
    const assembly = new Assembly(units, nodes, plan);
    const walked = walk(assembly);
    const { parts, slices } = assembly.finish(walked.parts, walked.siteIndex);
    const builders = new Set([...walked.builders, ...[...(plan?.before.builders ?? [])].filter((unit) => plan?.affected.has(unit) === false)]);
    memory.last = { text, parts, units, slices, builders, writers, words: plan?.words ?? units.map(() => undefined) };
    memory.partial = plan !== undefined;
    return parts;
  };
  const plan = last && planReading(last, language, units, nodes, text);
  if (!plan) {
    if (last) readWhole();
    return read(undefined);
  }
  try {
    return read(plan);
  } catch (error) {
    if (!(error instanceof Tangled)) throw error;
    readWhole();
    return read(undefined);
  }
}
