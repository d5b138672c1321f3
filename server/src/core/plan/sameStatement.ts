import { exactKey, looseKey } from '../sql/statementKeys';
import { baseOf } from './findings/context';
import { collectNodes, type PlanModel } from './planModel';

/** A plan, and the statement that it is of where that is known. */
export interface PlanOf {
  readonly model: PlanModel;
  readonly sql?: string | undefined;
}

/** How the key of a statement with a plan of its own begins; `EXECUTE q (1)` does not name it. */
const PLANNED = /^(?:\( )*(?:select|with|insert|update|delete|merge|values|table)\b/;

/**
 * Are two plans of one statement? Other constants, layout and comments are the same statement.
 * - `same`: by their texts.
 * - `rewritten`: the texts differ, the plans read the same relations.
 * - `other`: the texts differ and so do the relations; or, where a text is not known, the plans share no relation.
 * - `unknown`: nothing says that they are not.
 * @param fingerprint Postgres' fingerprint of a text, undefined where it does not parse
 */
export function relateStatements(before: PlanOf, after: PlanOf, fingerprint: (sql: string) => string | undefined): 'same' | 'rewritten' | 'other' | 'unknown' {
  const texts = compareTexts(before.sql, after.sql, fingerprint);
  if (texts === 'same') return 'same';
  const [old, fresh] = [relationsOf(before.model), relationsOf(after.model)];
  // A plan may read nothing: its condition is never true, or its partitions are all left out.
  if (old.names.size === 0 || fresh.names.size === 0) return 'unknown';
  // Other constants may lead to other partitions, which a plan calls by the table's name.
  if (isDisjoint(old.names, fresh.names) && isDisjoint(old.aliases, fresh.aliases)) return 'other';
  if (texts === 'unknown') return 'unknown';
  return isEqual(old.names, fresh.names) || isEqual(old.aliases, fresh.aliases) ? 'rewritten' : 'other';
}

function compareTexts(before: string | undefined, after: string | undefined, fingerprint: (sql: string) => string | undefined): 'same' | 'different' | 'unknown' {
  if (before === undefined || after === undefined) return 'unknown';
  const exact = [before, after].map(exactKey);
  if (exact[0] === exact[1]) return 'same';
  if (!exact.every((key) => PLANNED.test(key) && !key.includes(' ; '))) return 'unknown';
  const [old, fresh] = [before, after].map((sql) => looseKey(sql, fingerprint));
  return old === undefined || fresh === undefined ? 'unknown' : old === fresh ? 'same' : 'different';
}

function relationsOf({ root }: PlanModel): { readonly names: ReadonlySet<string>; readonly aliases: ReadonlySet<string> } {
  const nodes = collectNodes(root).filter(({ relation, raw }) => relation !== undefined && (raw === undefined || raw['Relation Name'] !== undefined));
  return { names: new Set(nodes.map(({ relation }) => relation!)), aliases: new Set(nodes.map(baseOf)) };
}

const isDisjoint = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => ![...a].some((item) => b.has(item));
const isEqual = (a: ReadonlySet<string>, b: ReadonlySet<string>): boolean => a.size === b.size && [...a].every((item) => b.has(item));
