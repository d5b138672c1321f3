import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { PlanFindingKind } from '../../server/src/core/plan/findings';

type Document = Readonly<Record<string, unknown>>;

/** Two plans of a real server: one that is slow in the way of its kind, and its healthy twin. */
export interface PlanPair {
  readonly kind: PlanFindingKind;
  readonly name: string;
  readonly sql: string;
  readonly measured?: { readonly slow: Document; readonly healthy: Document };
  readonly estimated?: { readonly slow: Document; readonly healthy: Document };
}

/** The pairs that `scripts/slowPlans.mjs` made. */
export const readPairs = (): readonly PlanPair[] => JSON.parse(brotliDecompressSync(readFileSync(join(import.meta.dirname, '../corpus/slowPlans.json.br'))).toString()) as PlanPair[];
