import { sizeOf } from '../advice/size';
import { collectTokens } from '../catalog/expressionTokens';
import { statementsFix } from '../advice/indexFix';
import type { Catalog, Policy, Table } from '../catalog/model';
import type { Fix, MigrationContext, MigrationRule } from '../lint/rule';
import { finalName, isChangeable, reportDeclarations } from '../migrations/declared';
import { editAt, stagedFix } from '../migrations/stages';
import { quoteIdentifier, quoteQualified } from '../sql/names';
import { sqlSpan, type SqlSpan } from '../text/span';

const TABLE = 'CREATE TABLE notes (id bigint PRIMARY KEY, owner_id uuid NOT NULL);\nCREATE SCHEMA auth;\nCREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS $$ SELECT NULL::uuid $$;';

/** Policies that call a function for every row though it has the same value for all of them. */
export const rlsFunctionPerRow: MigrationRule = {
  id: 'rls-function-per-row',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review', 'new'],
  summary: 'A policy calls a function for every row that has one value for the whole query',
  docs: {
    why: 'The expression of a policy becomes part of every query of the table. A call like `auth.uid()` or `current_setting(…)` in it is made for each row that is looked at, and no index can be searched by a value that is only known row by row. Wrapped in a sub-query, `(SELECT auth.uid())`, it is called once and its value is looked up in the index.',
    bad: [{ language: 'sql', schema: TABLE, code: 'CREATE POLICY own ON notes USING (owner_id = auth.uid());' }, { language: 'sql', schema: TABLE, server: {}, code: 'CREATE POLICY own ON notes USING (owner_id = auth.uid());' }],
    good: [{ language: 'sql', schema: TABLE, code: 'CREATE POLICY own ON notes USING (owner_id = (SELECT auth.uid()));' }],
    whenNot: 'Functions that look at the row (a column is among their arguments) cannot be wrapped and are not reported; nor are small tables.',
    fixSafety: 'Where the migration has run already, ALTER POLICY in a new one: the same rows are seen, as long as the function has one value during a query, as a STABLE one has.',
  },
  options: {},
  roles: ['application', 'migration'],
  check(context) {
    reportDeclarations(context, context.migration.statements.flatMap((statement) => {
      const { command } = statement;
      if (command.type !== 'policy' || statement.nested) return [];
      const { key } = statement.relation(command.table);
      const table = finalName(context, key);
      const policy = table?.rowSecurity?.policies.find((other) => other.name === command.name);
      if (!table || !policy || sizeOf(table, context.settings) === 'small') return [];
      // A later statement may have mended it: what counts is the policy as it is in the end.
      const remaining = [policy.using, policy.check].flatMap((expression) => (expression === undefined ? [] : callsPerRow(expression, context.catalog).map(({ text }) => squeeze(text))));
      const calls = callsPerRow(statement.text, context.catalog).filter(({ text }) => remaining.includes(squeeze(text)));
      const [first] = calls;
      if (first === undefined) return [];
      return [{
        statement, at: first.span, severity: sizeOf(table, context.settings) === 'unknown' ? ('info' as const) : ('warning' as const),
        message: `${first.name}() is called for every row of ${table.name}: (SELECT ${squeeze(first.text)}) is called once.`, evidence: { table: key, policy: policy.name, function: first.name },
        fixes: () => (isChangeable(context, statement) ? stagedFix('Wrap the calls in sub-queries', calls.map(({ span, text }) => editAt(context, statement, span, `(SELECT ${text})`)), []) : alterFix(context, table, policy)),
      }];
    }));
  },
};

interface PolicyCall {
  readonly name: string;
  readonly text: string;
  readonly span: SqlSpan;
}

const squeeze = (text: string): string => text.replaceAll(/\s+/g, '').toLowerCase();

/** STABLE functions of policies everywhere; those of the application are known by the catalog. */
const known = new Set(['auth.uid', 'auth.jwt', 'auth.role', 'auth.email', 'auth.user_id', 'current_setting']);

/** Calls with constants alone that stand in no sub-query of their own; offsets in the text. */
function callsPerRow(text: string, catalog: Catalog | undefined): readonly PolicyCall[] {
  const tokens = collectTokens(text);
  const calls: PolicyCall[] = [];
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]?.kind !== 'word' || tokens[i + 1]?.text !== '(' && !(tokens[i + 1]?.text === '.' && tokens[i + 3]?.text === '(')) continue;
    const qualified = tokens[i + 1]?.text === '.';
    if (!qualified && tokens[i - 1]?.text === '.') continue;
    const open = i + (qualified ? 3 : 1);
    const close = tokens.findIndex((token, at) => at > open && token.text === ')');
    const name = (qualified ? `${tokens[i]?.text}.${tokens[i + 2]?.text}` : (tokens[i]?.text ?? '')).toLowerCase();
    const constant = close > open && tokens.slice(open + 1, close).every((token) => token.kind === 'string' || token.kind === 'number' || /^(?:true|false|null|,|::|text|uuid|integer)$/i.test(token.text));
    if (!constant || !isStable(name, catalog) || tokens[i - 1]?.text.toLowerCase() === 'select') continue;
    const [first, last] = [tokens[i], tokens[close]];
    if (first && last) calls.push({ name, text: text.slice(first.start, last.end), span: sqlSpan(first.start, last.end) });
  }
  return calls;
}

const isStable = (name: string, catalog: Catalog | undefined): boolean =>
  known.has(name) || catalog?.routines?.some((routine) => (name === routine.name || name === `${routine.schema}.${routine.name}`) && routine.volatility === 'stable') === true;

/** ALTER POLICY in a new migration. */
function alterFix(context: MigrationContext, table: Table, policy: Policy): readonly Fix[] {
  const wrapped = (expression: string): string => callsPerRow(expression, context.catalog).reduceRight((text, { span, text: call }) => `${text.slice(0, span.start)}(SELECT ${call})${text.slice(span.end)}`, expression);
  const parts = [policy.using === undefined ? '' : ` USING (${wrapped(policy.using)})`, policy.check === undefined ? '' : ` WITH CHECK (${wrapped(policy.check)})`].join('');
  const name = quoteQualified(context.catalog?.searchPath[0] === table.schema ? undefined : table.schema, table.name);
  return statementsFix(`Wrap the calls of the policy ${policy.name} in sub-queries`, `policy_${policy.name}`, [`ALTER POLICY ${quoteIdentifier(policy.name)} ON ${name}${parts};`], context.settings);
}
