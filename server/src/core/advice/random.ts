import type { Expression } from '../sql/model';
import { walkExpression } from './scope';

const RANDOM: ReadonlySet<string> = new Set(['random', 'gen_random_uuid', 'uuid_generate_v4', 'uuidv4']);

/** `random()`, `md5(random()::text)`: chance, and no column. */
export const isRandom = (expression: Expression): boolean =>
  expression.columns.length === 0 && [...walkExpression(expression)].some((e) => e.kind === 'function' && RANDOM.has(e.name ?? ''));
