import { collectPins } from '../advice/pins';
import { judgeRewrite } from '../advice/rewriteVerdict';
import { containsAggregate, type Scope } from '../advice/scope';
import type { SqlEdit } from '../advice/sqlEdits';
import { sqlFix } from '../advice/sqlFix';
import { isSteady } from '../advice/steady';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { QueryBlock, StatementModel } from '../sql/model';
import { spanText, sqlSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE events (id bigint PRIMARY KEY, user_id bigint NOT NULL, kind text NOT NULL);\nCREATE INDEX events_user ON events (user_id);';
const VOLUMES = { events: 5_000_000 };

/** CTEs that are computed whole although one condition outside would leave a few of their rows. */
export const materializedCteFence: StatementRule = {
  id: 'materialized-cte-fence',
  scope: 'statement',
  category: 'query',
  severity: 'warning',
  needs: 'planner',
  fixKinds: ['review'],
  summary: 'A CTE is computed whole before it is filtered',
  docs: {
    why: 'A CTE that is written `AS MATERIALIZED`, or used more than once, is computed whole and kept; conditions on it are checked afterwards, row by row, and no index of its tables is used for them. `AS NOT MATERIALIZED` lets Postgres put the conditions inside. The planner is asked: only where the cost falls by half is this reported.',
    bad: [{ language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "WITH clicks AS MATERIALIZED (SELECT id, user_id FROM events WHERE kind <> 'view') SELECT id FROM clicks WHERE user_id = $1;" }],
    good: [
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "WITH clicks AS (SELECT id, user_id FROM events WHERE kind <> 'view') SELECT id FROM clicks WHERE user_id = $1;" },
      { language: 'sql', schema: SCHEMA, assume: VOLUMES, code: "WITH clicks AS MATERIALIZED (SELECT id, user_id FROM events WHERE user_id = $1) SELECT id FROM clicks WHERE id > 3;" },
    ],
    whenNot: 'The fence is meant: the CTE calls a costly function once, or the planner chose badly without it.',
    fixSafety: 'Offered for review: the rows are the same, but the CTE may be computed once for each use.',
  },
  options: {},
  check(context) {
    const { model, site } = context;
    if (!context.catalog || model.completeness !== 'full' || !site.complete) return;
    const scope: Scope = { model, catalog: context.catalog };
    for (const block of model.blocks) {
      const place = block.cte && isFence(model, block) && isOpen(model, block) ? placeOf(model, block) : undefined;
      if (!place || !block.cte) continue;
      const uses = usesOf(model, block);
      // Each use has to narrow it, or it is computed whole anyway.
      if (uses.length === 0 || !uses.every(({ outer, relation }) => collectPins(scope, outer).columns(relation).size > 0)) continue;
      report(context, block, place);
    }
  },
};

const usesOf = (model: StatementModel, block: QueryBlock): readonly { readonly outer: QueryBlock; readonly relation: number }[] =>
  model.blocks.flatMap((outer) => outer.relations.flatMap((r, relation) => (r.kind === 'cte' && r.block === block.index ? [{ outer, relation }] : [])));

const isFence = (model: StatementModel, { index, cte }: QueryBlock): boolean =>
  cte?.recursive !== true && (cte?.materialized === true || (cte?.materialized === undefined && usesOf(model, { index } as QueryBlock).length > 1));

/** A plain SELECT, into which a condition could be put. */
const isOpen = ({ text }: StatementModel, block: QueryBlock): boolean =>
  block.kind === 'select' && !block.limit && !block.offset && !block.locking && !block.distinct && block.groupBy.length === 0 && !block.outputs.some((o) => containsAggregate(o.expression)) && isSteady(spanText(text, block.span)) && !/\bover\s*\(/i.test(spanText(text, block.span));

/** `AS [MATERIALIZED] (`: where NOT MATERIALIZED is written. */
function placeOf({ text }: StatementModel, { span }: QueryBlock): SqlSpan | undefined {
  const match = /\bas(\s+materialized)?\s*\(\s*$/i.exec(text.slice(0, span.start));
  const at = match && match.index + 2;
  return at === null ? undefined : sqlSpan(at, at + (match?.[1]?.length ?? 0));
}

const edit = (span: SqlSpan): readonly SqlEdit[] => [{ span, text: ' NOT MATERIALIZED' }];

function report(context: StatementContext, block: QueryBlock, place: SqlSpan): void {
  const verdict = judgeRewrite(context, 'without the fence', ({ model }) => {
    const same = model.blocks[block.index];
    const span = same && placeOf(model, same);
    return span && edit(span);
  });
  if (verdict.state !== 'proved') return;
  const name = block.cte?.name ?? '';
  context.report({
    at: { sql: place.end > place.start ? sqlSpan(place.start + 1, place.end) : block.clauses.select?.keyword ?? block.span },
    message: `${name} is computed whole, and only then filtered: ${block.cte?.materialized === true ? 'MATERIALIZED keeps' : 'being used more than once keeps'} the condition outside.`,
    because: verdict.because,
    confidence: 'planner',
    evidence: { cte: name, ...verdict.evidence },
    fixes: () => sqlFix(context, `Write ${name} AS NOT MATERIALIZED (the same rows)`, 'review', edit(place)),
  });
}
