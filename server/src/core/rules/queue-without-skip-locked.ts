import { collectPins } from '../advice/pins';
import { isSystemRelation, type Scope } from '../advice/scope';
import { sqlFix } from '../advice/sqlFix';
import { isPinnedToOneRow } from '../advice/uniqueness';
import type { ChainCall } from '../hosts/ir';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock } from '../sql/model';
import { hostSpan, spanText, sqlSpan, type HostSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE jobs (id bigint PRIMARY KEY, status text NOT NULL, run_at timestamptz NOT NULL);\nCREATE INDEX jobs_ready ON jobs (status, run_at, id);';

/** Workers that take the first rows of a queue and wait for one another. */
export const queueWithoutSkipLocked: StatementRule = {
  id: 'queue-without-skip-locked',
  scope: 'statement',
  category: 'query',
  severity: 'info',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'A queue is taken from with FOR UPDATE but without SKIP LOCKED',
  docs: {
    why: 'Every worker that asks for the first rows of a queue asks for the same ones. With FOR UPDATE alone the second one waits until the first commits, finds the rows changed, and returns fewer than it could or none: the workers run one after another. SKIP LOCKED passes over rows that another transaction holds.',
    bad: [{ language: 'sql', schema: SCHEMA, code: "SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 10 FOR UPDATE;" }],
    good: [
      { language: 'sql', schema: SCHEMA, code: "SELECT id FROM jobs WHERE status = 'ready' ORDER BY run_at, id LIMIT 10 FOR UPDATE SKIP LOCKED;" },
      { language: 'sql', schema: SCHEMA, code: 'SELECT status FROM jobs WHERE id = $1 FOR UPDATE;' },
    ],
    whenNot: 'One worker alone, and rows that must be handled strictly one after another.',
    fixSafety: 'Offered for review: rows that another transaction holds are left out, and the order of handling is no longer strict.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (model.completeness !== 'full' || !site.complete) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) {
      const { locking } = block;
      if (!locking || locking.skipLocked || !takesFirst(block) || block.relations.some(isSystemRelation)) continue;
      const written = spanText(model.text, locking.span);
      if (!/^for\s+(?:no\s+key\s+)?update\b/i.test(written) || /\bnowait\b/i.test(written) || isOfOne(scope, block) || isWalk(block)) continue;
      const tables = block.relations.map((r) => r.name);
      context.report({
        at: { sql: locking.span },
        message: 'Workers that run this wait for one another: rows that are locked are not skipped.',
        because: `The first rows of ${tables.join(', ')} are the same for every worker until the first of them commits.`,
        confidence: 'text',
        evidence: { tables, strength: locking.strength },
        fixes: () => skipLocked(context, locking.span.end),
      });
    }
  },
};

const TITLE = 'Add SKIP LOCKED (rows that another transaction holds are left out)';

/** In SQL behind the clause, in a chain as the library says it. */
function skipLocked(context: StatementContext, end: SqlSpan['end']): readonly Fix[] {
  const { site, file, text } = context;
  if (site.chain.length === 0) return sqlFix(context, TITLE, 'review', [{ span: sqlSpan(end, end), text: ' SKIP LOCKED' }]);
  const edit = site.chain.flatMap((call) => callEdit(call, text) ?? [])[0];
  return edit ? [{ title: TITLE, kind: 'review', edits: [{ uri: file.uri, ...edit }] }] : [];
}

/** `with_for_update(skip_locked=True)`, `.forUpdate().skipLocked()`, `.for('update', { skipLocked: true })`. */
function callEdit({ name, span, args }: ChainCall, text: string): { readonly span: HostSpan; readonly text: string } | undefined {
  const close = span.end - 1;
  if (text[close] !== ')') return undefined;
  if (/^(?:with_for_update|select_for_update)$/.test(name)) return { span: hostSpan(close, close), text: `${args.length > 0 ? ', ' : ''}skip_locked=True` };
  if (/^for(?:NoKey)?Update$/.test(name)) return { span: hostSpan(span.end, span.end), text: '.skipLocked()' };
  return name === 'for' && args.length === 1 && /^['"](?:no key )?update['"]$/.test(args[0]?.text ?? '') ? { span: hostSpan(close, close), text: ', { skipLocked: true }' } : undefined;
}

/** The oldest rows first. `ORDER BY id DESC LIMIT 1` is the newest row, which is locked to go on from it. */
const takesFirst = ({ kind, limit, orderBy }: QueryBlock): boolean =>
  kind === 'select' && limit !== undefined && orderBy.length > 0 && !(orderBy[0]?.descending === true && orderBy.length === 1 && limit.expression.kind === 'constant' && limit.expression.value === 1);

/** `id > $1 ORDER BY id`: one process goes through the table in pages, and none of its rows may be left out. `run_at <= $1` is what is due. */
const isWalk = ({ conjuncts, orderBy }: QueryBlock): boolean =>
  conjuncts.some((c) => c.clause === 'where' && (orderBy[0]?.descending === true ? /^<=?$/ : /^>=?$/).test(c.operator) && c.right?.columns.length === 0 && c.right.kind !== 'function' && c.right.kind !== 'operator' && [c.left, ...(c.left?.args ?? [])].some((e) => e?.column && e.column.column === orderBy[0]?.expression.column?.column));

function isOfOne(scope: Scope, block: QueryBlock): boolean {
  const pins = collectPins(scope, block);
  return block.relations.some((_, index) => isPinnedToOneRow(scope, block, index, pins));
}
