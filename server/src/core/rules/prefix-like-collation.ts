import { btree } from '../advice/indexAdvice';
import { indexFixes } from '../advice/indexFix';
import { GAIN_ON_A_GUESS, judgeIndex } from '../advice/indexVerdict';
import { bindOfHole } from '../advice/patterns';
import { collectReadRelations, isBehind, isPlainlyServed, type ReadRelation } from '../advice/relationDemand';
import { describeRows } from '../advice/size';
import { findColumn } from '../catalog/lookup';
import type { IndexKey } from '../catalog/model';
import { baseType, domainCollation } from '../catalog/userTypes';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { ColumnRef, Conjunct, Expression } from '../sql/model';
import { quoteIdentifier } from '../sql/names';

const SCHEMA = 'CREATE TABLE users (id bigint PRIMARY KEY, email text NOT NULL);\nCREATE INDEX users_email ON users (email);';
const VOLUMES = { users: 2_000_000 };

/** Prefix searches on a column whose index is in the order of a language. */
export const prefixLikeCollation: StatementRule = {
  id: 'prefix-like-collation',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['new'],
  summary: 'The index of the column cannot serve a prefix search',
  docs: {
    why: 'A b-tree in the order of a language (`en_US`, `de_DE`) does not keep the strings with one prefix together, so `LIKE \'anna%\'` cannot use it: every row is read. An index with `text_pattern_ops`, or with the collation `C`, is ordered character by character and finds them.',
    bad: [{ language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "SELECT id FROM users WHERE email LIKE 'anna%';" }],
    good: [
      { language: 'sql', schema: `${SCHEMA}\nCREATE INDEX users_email_prefix ON users (email text_pattern_ops);`, assume: VOLUMES, code: "SELECT id FROM users WHERE email LIKE 'anna%';" },
      { language: 'sql', schema: SCHEMA.replace('(email)', '(email COLLATE "C")'), assume: VOLUMES, code: "SELECT id FROM users WHERE email LIKE 'anna%';" },
    ],
    whenNot: 'Databases whose own collation is C: any index serves there. Small tables.',
    fixSafety: 'Writes a new migration with an index; results do not change. The index slows writes to the column a little.',
  },
  options: {},
  check(context) {
    if (isBytewise(context.catalog?.server?.settings['lc_collate'])) return;
    for (const read of collectReadRelations(context)) {
      for (const conjunct of read.conjuncts) {
        const search = conjunct.negated || conjunct.clause === 'having' ? undefined : prefixSearch(context, conjunct);
        if (search && read.owns(search.column)) checkPattern(context, read, conjunct, search);
      }
    }
  },
};

const isBytewise = (collation: string | undefined): boolean => collation !== undefined && /^(?:C|POSIX|ucs_basic)(?:\.|$)/.test(collation);

interface PrefixSearch {
  readonly column: ColumnRef;
  readonly prefix: 'constant' | 'parameter';
}

/** `c LIKE 'ann%'`, `c ~ '^ann'`, `c ^@ 'ann'`, `starts_with(c, 'ann')`. */
function prefixSearch(context: StatementContext, { operator, left, right }: Conjunct): PrefixSearch | undefined {
  const called = operator === 'boolean' && left?.kind === 'function' && left.name === 'starts_with' ? left.args : undefined;
  const [searched, pattern] = called ?? [left, right];
  const column = searched?.column;
  if (!column || !pattern) return undefined;
  // These two use a b-tree from PostgreSQL 15 on.
  const version = context.catalog?.server?.version ?? Infinity;
  const prefix = called || operator === '^@' ? (version >= 150_000 ? isWhole(pattern) : undefined) : operator === '~' ? isAnchored(pattern) : operator === '~~' ? isPrefix(context, pattern) : undefined;
  return prefix && { column, prefix };
}

function checkPattern(context: StatementContext, read: ReadRelation, conjunct: Conjunct, { column: { column: name }, prefix }: PrefixSearch): void {
  const { table, size } = read;
  const column = findColumn(table, name);
  const type = column && baseType(context.catalog, column.type);
  if (!column || !type || !/^(?:text|character varying)/.test(type) || (column.collation ?? domainCollation(context.catalog, column.type)) !== undefined) return;
  if ((size === 'unknown' && isPlainlyServed(read))) return;
  const own = table.indexes.filter((index) => index.valid && index.keys.some((key) => key.column === name));
  const plain = own.find((index) => index.method === 'btree' && index.predicate === undefined && index.keys[0]?.column === name);
  if (!plain || own.some((index) => index.method !== 'btree' || index.keys.some((key) => key.column === name && servesPrefix(key))) || isBehind(read)) return;
  const opclass = type.startsWith('text') ? 'text_pattern_ops' : 'varchar_pattern_ops';
  const proposal = btree(table, [{ sql: quoteIdentifier(name), name, opclass }]);
  // The plan for any value of a parameter reads all rows; each value's own plan does not.
  const verdict = prefix === 'constant' ? judgeIndex(context, read, [proposal], GAIN_ON_A_GUESS) : { state: 'schema' as const, proposal };
  if (verdict.state === 'silent' || (verdict.state === 'schema' && isPlainlyServed(read))) return;
  const rows = describeRows(table, context.settings);
  context.report({
    at: { sql: conjunct.span },
    severity: size === 'large' ? (verdict.state === 'proved' ? undefined : 'info') : 'hint',
    message: `${plain.name} is in the order of the database's language: it cannot find the strings with this prefix.`,
    because: verdict.state === 'proved' ? verdict.because : `${rows ? `${rows}; ` : ''}an index on (${quoteIdentifier(name)} ${opclass}) can, unless the database's collation is C.`,
    confidence: verdict.state === 'proved' ? 'planner' : 'schema',
    evidence: { table: table.name, column: name, index: plain.name, ...(verdict.state === 'proved' ? verdict.evidence : {}) },
    fixes: () => (context.catalog ? indexFixes(proposal, context.catalog, context.settings) : []),
  });
}

const servesPrefix = (key: IndexKey): boolean => (key.opclass?.endsWith('_pattern_ops') ?? false) || key.opclass === 'gin_trgm_ops' || isBytewise(key.collation);

/** The prefix itself. */
const isWhole = ({ kind, hole, value }: Expression): PrefixSearch['prefix'] | undefined => (kind === 'hole' ? 'parameter' : kind === 'constant' && hole === undefined && typeof value === 'string' && value !== '' ? 'constant' : undefined);

/** `~ '^ann'`, `~ '^ann.*'`: what follows the anchor is plain characters. */
const isAnchored = ({ kind, hole, value }: Expression): 'constant' | undefined =>
  kind === 'constant' && hole === undefined && typeof value === 'string' && /^\^[\w @/:-]+(?:\.\*)?$/.test(value) ? 'constant' : undefined;

/** A pattern that begins with something known and ends open: a constant, `$1 || '%'`, or a host's `${q}%`. */
function isPrefix(context: StatementContext, expression: Expression): 'constant' | 'parameter' | undefined {
  if (expression.kind === 'constant' && expression.hole === undefined) return typeof expression.value === 'string' && /^(?:[^%_\\]|\\.)+%$/s.test(expression.value) ? 'constant' : undefined;
  if (expression.kind === 'operator' && expression.name === '||') return expression.args?.[0]?.kind === 'hole' && expression.args[1]?.kind === 'constant' && expression.args[1].value === '%' ? 'parameter' : undefined;
  const bind = expression.kind === 'hole' ? bindOfHole(context, expression.hole) : undefined;
  return bind && /^(?:`\$\{[^{}]+\}%`|f(["'])\{[^{}]+\}%\1|[\w.]+ \+ (["'])%\2)$/.test(bind.text.trim()) ? 'parameter' : undefined;
}
