import { coverHoles, hasUnknownPart } from '../advice/holes';
import { toHostEdits } from '../advice/sqlEdits';
import { collectTenantJoins, type TenantJoin } from '../advice/tenantJoins';
import { findTenantColumns, isSystemPath } from '../advice/tenantScope';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import { quoteIdentifier } from '../sql/names';
import { sqlSpan } from '../text/span';

const SCHEMA = `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE customers (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, code text NOT NULL, UNIQUE (organization_id, code));
CREATE TABLE orders (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, customer_code text NOT NULL);`;

/** Two tenants' rows that one join puts together. */
export const crossTenantJoin: StatementRule = {
  id: 'cross-tenant-join',
  scope: 'statement',
  category: 'tenancy',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'Two tenants’ tables are joined without their tenant',
  docs: {
    why: 'A code, an e-mail address or a name is unique within a tenant at best. A join on it alone finds the rows of other tenants that happen to say the same: their data is shown, counted or changed along with one’s own. A filter on one side does not help the other.',
    bad: [{ language: 'sql', schema: SCHEMA, code: 'SELECT o.id, c.id FROM orders o JOIN customers c ON c.code = o.customer_code WHERE o.organization_id = $1;' }],
    good: [{ language: 'sql', schema: SCHEMA, code: 'SELECT o.id, c.id FROM orders o JOIN customers c ON c.code = o.customer_code AND c.organization_id = o.organization_id WHERE o.organization_id = $1;' }],
    whenNot: 'Reports over all tenants, duplicate searches, moves from one tenant to another. Name the paths of system code in `tenant.systemPaths`.',
    fixSafety: 'Offered for review: rows of two different tenants are no longer joined.',
  },
  options: {},
  check(context) {
    const { model, site, settings, catalog } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete || context.role !== 'application' || hasUnknownPart(model)) return;
    if (isSystemPath(context.uri, settings.tenant.systemPaths)) return;
    const tenant = findTenantColumns(context);
    if (!tenant) return;
    for (const join of collectTenantJoins({ model, catalog }, tenant.columnOf)) {
      const { left, right, leftTenant, rightTenant, keyed } = join;
      context.report({
        at: { sql: join.conjunct.span },
        severity: keyed === undefined ? 'info' : 'warning',
        message: `${left.table?.name} and ${right.table?.name} are joined across tenants: nothing holds their ${leftTenant === rightTenant ? leftTenant : `${leftTenant} and ${rightTenant}`} equal.`,
        because: keyed === undefined ? `${tenant.because}; neither ${left.column} nor ${right.column} is a key.` : `${keyed} is unique only within a tenant.`,
        confidence: 'schema',
        evidence: { tables: [left.table?.name, right.table?.name], columns: [left.column, right.column], ...(keyed === undefined ? {} : { keyed }) },
        fixes: () => fixesFor(context, join),
      });
    }
  },
};

/** `AND c.organization_id = o.organization_id` behind the condition that joins. */
function fixesFor({ model, site, uri }: StatementContext, { conjunct, left, right, leftTenant, rightTenant }: TenantJoin): readonly Fix[] {
  const end = coverHoles(model, conjunct.span).end;
  const condition = `${quoteIdentifier(left.relation.alias)}.${quoteIdentifier(leftTenant)} = ${quoteIdentifier(right.relation.alias)}.${quoteIdentifier(rightTenant)}`;
  // `USING (code)` becomes `USING (code, organization_id)`, which is another edit.
  const written = model.text.slice(conjunct.span.start, conjunct.span.end);
  if (!written.includes('=') || site.chain.length > 0) return [];
  const edits = toHostEdits(site, uri, [{ span: sqlSpan(end, end), text: ` AND ${condition}` }]);
  return edits ? [{ title: `Join within the tenant: ${condition}`, kind: 'review', edits }] : [];
}
