import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';

/** One statement of `scripts/planStatements.mjs` as one version explains it. */
export interface CorpusPlan {
  readonly name: string;
  readonly mode: 'serial' | 'parallel' | 'alone';
  /** `estimated`: not run; `untimed`: run with TIMING OFF; both in four formats. `timed` (VERBOSE) and `timed-plain`: text and JSON of two runs. */
  readonly kind: 'estimated' | 'untimed' | 'timed' | 'timed-plain';
  readonly text: string;
  readonly json: readonly Readonly<Record<string, unknown>>[];
  readonly yaml?: string;
  readonly xml?: string;
}

/** The corpus that `scripts/plans.mjs` made, by major version. */
export function readCorpus(): Readonly<Record<string, readonly CorpusPlan[]>> {
  const all = JSON.parse(brotliDecompressSync(readFileSync(join(import.meta.dirname, '../corpus/plans.json.br'))).toString()) as readonly (CorpusPlan & { readonly major: string })[];
  const majors: Record<string, CorpusPlan[]> = {};
  for (const plan of all) (majors[plan.major] ??= []).push(plan);
  return majors;
}
