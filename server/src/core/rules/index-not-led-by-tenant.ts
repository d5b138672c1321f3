import { btree } from '../advice/indexAdvice';
import { indexFixes } from '../advice/indexFix';
import { describeRows } from '../advice/size';
import { collectTenantlessIndexes, countTenantUses, type TenantlessIndex } from '../advice/tenantIndexes';
import { findTenantColumns } from '../advice/tenantScope';
import type { HostFile } from '../hosts/ir';
import type { FlowRule } from '../lint/rule';
import { quoteIdentifier } from '../sql/names';
import { toHostSpan } from '../text/segmentMap';
import { sqlSpan, type HostSpan } from '../text/span';

const SCHEMA = `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, due date NOT NULL);`;
const QUERY = 'SELECT id FROM invoices WHERE organization_id = $1 AND due < $2 LIMIT 50;';

/** An index that mixes the tenants' rows. */
export const indexNotLedByTenant: FlowRule = {
  id: 'index-not-led-by-tenant',
  scope: 'flow',
  category: 'tenancy',
  severity: 'info',
  needs: 'schema',
  fixKinds: ['new'],
  roles: ['application', 'migration'],
  summary: 'An index of a tenants’ table that the tenant does not lead, though every query names it',
  docs: {
    why: 'Every query asks for the rows of one tenant. An index on another column alone finds those of all tenants and throws most of them away; the more tenants, the more it reads. With the tenant in front the same index holds each tenant’s rows side by side.',
    bad: [{ language: 'sql', schema: `${SCHEMA}\nCREATE INDEX invoices_due_idx ON invoices (due);`, code: `CREATE INDEX invoices_due_idx ON invoices (due);\n${QUERY}` }],
    good: [{ language: 'sql', schema: `${SCHEMA}\nCREATE INDEX invoices_due_idx ON invoices (organization_id, due);`, code: `CREATE INDEX invoices_due_idx ON invoices (organization_id, due);\n${QUERY}` }],
    whenNot: 'Few tenants of which one has nearly all rows, and sweeps over all tenants that the workspace does not show.',
    fixSafety: 'Writes a migration that makes the new index; the old one is not dropped.',
  },
  options: {},
  check(context) {
    const { file, catalog, settings, flow, sql } = context;
    if (!catalog || !mayDefineIndexes(file, catalog.tables.size)) return;
    const tenant = findTenantColumns(context);
    if (!tenant) return;
    const made = statementsThatMake(file);
    for (const found of collectTenantlessIndexes(catalog, settings, tenant.columnOf)) {
      const at = placeOf(file, made, found);
      if (!at) continue;
      const uses = countTenantUses(flow, sql, catalog, found);
      if (uses === undefined || uses === 0) continue;
      const { table, index } = found;
      context.report({
        at: { host: at },
        message: `The index ${index.name} on ${table.name} is not led by ${found.tenant}, which every query that could use it holds to one value.`,
        because: [`${uses} ${uses === 1 ? 'query looks' : 'queries look'} for ${index.keys[0]?.column} of one tenant`, describeRows(table, settings)].filter(Boolean).join('; '),
        confidence: 'schema',
        evidence: { table: table.name, index: index.name, tenant: found.tenant, queries: uses },
        fixes: () => indexFixes(btree(table, [{ name: found.tenant, sql: quoteIdentifier(found.tenant) }, ...index.keys.map((key) => ({ name: key.column ?? '', sql: quoteIdentifier(key.column ?? ''), ...(key.opclass === undefined ? {} : { opclass: key.opclass }), ...(key.descending ? { descending: true } : {}) }))], undefined, index.include), catalog, settings),
      });
    }
  },
};

const CREATE = /\bcreate\s+index\s+(?:concurrently\s+)?(?:if\s+not\s+exists\s+)?(?:"?\w+"?\.)?"?(\w+)"?\s+on\b/i;

const mayDefineIndexes = (file: HostFile, tables: number): boolean => tables > 0 && (file.models.length > 0 || file.sites.some((site) => site.source !== undefined && CREATE.test(site.source.text)));

/** The names of indexes that the statements of a document make, the first of each name. */
function statementsThatMake(file: HostFile): ReadonlyMap<string, HostSpan> {
  const made = new Map<string, HostSpan>();
  for (const site of file.sites) {
    const match = site.source && CREATE.exec(site.source.text);
    const name = match?.[1];
    if (!match || name === undefined || made.has(name)) continue;
    const start = match.index + match[0].lastIndexOf(name);
    made.set(name, toHostSpan(site.map, sqlSpan(start, start + name.length)) ?? site.anchor);
  }
  return made;
}

/** Where this document makes the index: its name in the statement, else where the model declares it. */
const placeOf = (file: HostFile, made: ReadonlyMap<string, HostSpan>, { index }: TenantlessIndex): HostSpan | undefined =>
  made.get(index.name) ?? (index.definedAt?.uri === file.uri && file.models.length > 0 ? index.definedAt.span : undefined);
