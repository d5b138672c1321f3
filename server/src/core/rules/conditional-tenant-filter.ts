import { coverHoles } from '../advice/holes';
import { bindOfHole } from '../advice/patterns';
import { requireValueFix } from '../advice/requireTenant';
import { bindColumn, walkExpression, type Scope } from '../advice/scope';
import { toHostEdits } from '../advice/sqlEdits';
import { isTenantCheckedAfter } from '../advice/tenantGuards';
import { findTenantColumns, isSystemPath } from '../advice/tenantScope';
import type { TenantColumnOf } from '../advice/tenantEvidence';
import type { ConditionalPart, Bind, FunctionIr } from '../hosts/ir';
import type { StatementContext, StatementRule } from '../lint/rule';
import type { Conjunct, Expression, QueryBlock } from '../sql/model';
import { toHostSpan } from '../text/segmentMap';
import { containsSpan, overlaps, spanLength, spanText, type HostSpan } from '../text/span';

const SCHEMA = `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, total numeric NOT NULL);`;

/** Tenant filters that some path leaves out. */
export const conditionalTenantFilter: StatementRule = {
  id: 'conditional-tenant-filter',
  scope: 'statement',
  category: 'tenancy',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'The tenant filter is missing on some path',
  docs: {
    why: 'A filter that is added only when the tenant is known is no filter when it is not: the query then returns the rows of all tenants. `tenant_id = $1 OR $1 IS NULL` does the same in SQL. A missing tenant should be an error, not everybody.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT id FROM invoices WHERE ($1::bigint IS NULL OR organization_id = $1) AND total > $2;' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'SELECT id FROM invoices WHERE organization_id = $1 AND total > $2;' }],
    whenNot: 'Queries that system code and users share on purpose; better give them two functions.',
    fixSafety: 'Offered for review: in SQL, callers that pass no tenant get no rows; in code, they get an error.',
  },
  options: {},
  check(context) {
    const { model, catalog, settings, site } = context;
    if (!catalog || model.completeness === 'tokens' || isSystemPath(context.uri, settings.tenant.systemPaths)) return;
    const tenant = findTenantColumns(context);
    if (!tenant) return;
    const scope: Scope = { model, catalog };
    for (const block of model.blocks) {
      const own = block.conjuncts.filter((c) => c.clause !== 'having');
      const mayDrop = (c: Conjunct): boolean => site.library === 'prisma' && droppedValue(context, c) !== undefined;
      if (own.some((c) => pinsTenant(scope, block, c, tenant.columnOf) && (!isConditional(context, block, c) || hasAlternative(context, c)) && !mayDrop(c))) continue;
      for (const conjunct of own) {
        if (pinsTenant(scope, block, conjunct, tenant.columnOf) && isConditional(context, block, conjunct) && !isComparedLater(context, conjunct)) reportPath(context, conjunct);
        if (site.library === 'prisma' && pinsTenant(scope, block, conjunct, tenant.columnOf)) reportDropped(context, conjunct);
        const filter = findEscapable(scope, block, conjunct, tenant.columnOf);
        if (filter) reportEscape(context, conjunct, filter);
      }
    }
  },
};

/** `tenant = value`, `IN`, `= ANY`. */
function pinsTenant(scope: Scope, block: QueryBlock, conjunct: Conjunct, columnOf: TenantColumnOf): boolean {
  if (!['=', 'in', 'any'].includes(conjunct.operator) || conjunct.negated) return false;
  return [conjunct.left, conjunct.right].some((side) => side?.column !== undefined && isTenantColumn(scope, block, side, columnOf));
}

function isTenantColumn(scope: Scope, block: QueryBlock, side: Expression, columnOf: TenantColumnOf): boolean {
  const bound = side.column && bindColumn(scope, block, side.column);
  return bound?.table !== undefined && columnOf(bound.table) === bound.column;
}

/** Stands in a part that code adds only sometimes, about the tenant itself; what replaces it has no tenant either. */
function isConditional(context: StatementContext, block: QueryBlock, conjunct: Conjunct): boolean {
  // A sub-query that comes and goes as a whole takes its rows with it.
  const whole = (part: ConditionalPart): boolean => block.relations.every((r) => part.sql.start <= r.span.start && r.span.end <= part.sql.end);
  return context.site.conditional.some((part) => !whole(part) && overlaps({ start: part.sql.start, end: part.sql.end }, conjunct.span) && /^\s*(?:TRUE\s*)?$/.test(part.otherwise) && !leavesBefore(context, part.condition));
}

/** The row that is loaded is another tenant's: the function leaves. */
function isComparedLater({ file, site }: StatementContext, { left, right }: Conjunct): boolean {
  const column = left?.column?.column ?? right?.column?.column;
  return column !== undefined && isTenantCheckedAfter(file, site, column);
}

/** Another branch of the same `if` adds a condition of its own: users are held to theirs, organizations to theirs. */
function hasAlternative({ site }: StatementContext, conjunct: Conjunct): boolean {
  const own = site.conditional.find((part) => part.choice !== undefined && overlaps({ start: part.sql.start, end: part.sql.end }, conjunct.span));
  return own !== undefined && site.conditional.some((part) => part.choice === own.choice && part.condition !== own.condition);
}

/** The function throws or returns when the tested value is missing, before the query. */
function leavesBefore({ file, site }: StatementContext, condition: string): boolean {
  const names = new Set(condition.match(/[A-Za-z_$][\w$]*/g) ?? []);
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) {
    const guards: FunctionIr['guards'] = file.functions[id]?.guards ?? [];
    if (guards.some((g) => g.span.start < site.span.start && /^!|\bnot\b|=== ?(undefined|null)|== ?null|is None/.test(g.condition.trim()) && g.names.some((n) => names.has(n)))) return true;
  }
  return false;
}

/** `tenant = $1 OR $1 IS NULL`: the filter is off when the value is NULL. */
function findEscapable(scope: Scope, block: QueryBlock, conjunct: Conjunct, columnOf: TenantColumnOf): Conjunct | undefined {
  if (conjunct.operator !== 'or' || conjunct.branches?.length !== 2) return undefined;
  const single = conjunct.branches.flatMap((branch) => (branch.length === 1 && branch[0] ? [branch[0]] : []));
  const filter = single.find((c) => pinsTenant(scope, block, c, columnOf));
  const escape = single.find((c) => c.operator === 'is null' && !c.negated && c.left && isValue(c.left));
  return escape && filter;
}

const isValue = (expression: Expression): boolean => expression.columns.length === 0 && [...walkExpression(expression)].some((e) => e.kind === 'hole');

function reportPath(context: StatementContext, conjunct: Conjunct): void {
  const part = context.site.conditional.find((p) => overlaps({ start: p.sql.start, end: p.sql.end }, conjunct.span));
  context.report({
    at: callOf(context, conjunct) ?? { sql: conjunct.span },
    message: 'The tenant filter is added only on some path: without it the query returns the rows of all tenants.',
    because: part ? `Added only if ${part.condition.replace(/\s+/g, ' ').slice(0, 80)}.` : undefined,
    confidence: 'schema',
    evidence: { condition: part?.condition },
    fixes: () => {
      const fix = part && requireValueFix(context, part, conjunct.left?.column?.column ?? conjunct.right?.column?.column);
      return fix ? [fix] : [];
    },
  });
}

/** The call of a chain that adds a condition (`.where(…)`): what stands under the `if`. */
function callOf({ site }: StatementContext, conjunct: Conjunct): { readonly host: HostSpan } | undefined {
  const place = site.chain.length > 0 ? toHostSpan(site.map, conjunct.span) : undefined;
  const calls = place ? site.chain.filter((call) => /where|filter/i.test(call.name) && containsSpan(call.span, place)) : [];
  const call = calls.sort((a, b) => spanLength(a.span) - spanLength(b.span))[0];
  return call && { host: call.span };
}

/** The compared value, where it may be undefined and no guard stands before the query. */
function droppedValue(context: StatementContext, conjunct: Conjunct): Bind | undefined {
  const hole = [conjunct.left, conjunct.right].find((side) => side?.kind === 'hole')?.hole;
  const bind = bindOfHole(context, hole);
  if (!bind || !(bind.mayBeUndefined || /\?\.|\|\| ?undefined|\?\? ?undefined|: ?undefined\b/.test(bind.text))) return undefined;
  return leavesBefore(context, bind.text) ? undefined : bind;
}

/** Prisma drops a key whose value is undefined. */
function reportDropped(context: StatementContext, conjunct: Conjunct): void {
  const bind = droppedValue(context, conjunct);
  if (!bind) return;
  context.report({
    at: { sql: conjunct.span },
    message: 'The tenant may be undefined here, and Prisma leaves out a filter whose value is undefined.',
    because: `The value is ${bind.text.replace(/\s+/g, ' ').slice(0, 80)}.`,
    confidence: 'schema',
    evidence: { value: bind.text },
    fixes: () => {
      const fix = bind.span && requireValueFix(context, { condition: bind.text, conditionSpan: bind.span }, undefined);
      return fix ? [fix] : [];
    },
  });
}

function reportEscape(context: StatementContext, conjunct: Conjunct, filter: Conjunct): void {
  const { site, uri, model } = context;
  context.report({
    at: { sql: conjunct.span },
    message: 'The tenant filter is off when its value is NULL: the query then returns the rows of all tenants.',
    confidence: 'schema',
    fixes: () => {
      const edits = toHostEdits(site, uri, [{ span: coverHoles(model, conjunct.span), text: spanText(site.source?.text ?? '', coverHoles(model, filter.span)) }]);
      return edits ? [{ title: 'Always filter by the tenant', kind: 'review', edits }] : [];
    },
  });
}
