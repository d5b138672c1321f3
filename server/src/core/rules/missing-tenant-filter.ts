import { hasUnknownPart } from '../advice/holes';
import { collectTenantOccurrences, type TenantOccurrence } from '../advice/tenantEvidence';
import { bindOfHole } from '../advice/patterns';
import { bindColumn, walkExpression } from '../advice/scope';
import { tenantFixes } from '../advice/tenantFix';
import { isGuarded, isReachedByRequest } from '../advice/tenantGuards';
import { findTenantColumns, guardQuestions, isSystemPath, type TenantColumns } from '../advice/tenantScope';
import { isView } from '../advice/tenantViews';
import type { Bind } from '../hosts/ir';
import type { Severity, StatementContext, StatementRule } from '../lint/rule';

const SCHEMA = `CREATE TABLE organizations (id bigint PRIMARY KEY, name text NOT NULL);
CREATE TABLE projects (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, name text NOT NULL);
CREATE TABLE invoices (id bigint PRIMARY KEY, organization_id bigint NOT NULL REFERENCES organizations, total numeric NOT NULL);`;

/** Statements that can reach another tenant's rows. */
export const missingTenantFilter: StatementRule = {
  id: 'missing-tenant-filter',
  scope: 'statement',
  category: 'tenancy',
  severity: 'warning',
  needs: 'schema',
  fixKinds: ['review'],
  summary: 'A tenant’s table is read or written without its tenant',
  docs: {
    why: 'A row that is found by an id from the request alone may belong to anybody. Whoever guesses or learns an id reads another customer’s data. Every statement on a tenant’s table should hold the tenant column to the tenant of the session, or reach the table through a row that does.',
    bad: [{ language: 'typescript', schema: SCHEMA, code: "import express from 'express';\nimport { Pool } from 'pg';\nconst app = express();\nconst pool = new Pool();\napp.get('/projects/:id', async (req, res) => {\n  res.json(await pool.query('SELECT id FROM projects WHERE id = $1 AND organization_id = $2', [req.params.id, req.organizationId]));\n});\napp.get('/invoices/:id', async (req, res) => {\n  const { rows } = await pool.query('SELECT id, total FROM invoices WHERE id = $1', [req.params.id]);\n  res.json(rows[0]);\n});" }],
    good: [
      { language: 'sql', schema: SCHEMA, code: 'SELECT id, total FROM invoices WHERE id = $1 AND organization_id = $2;' },
      { language: 'sql', schema: SCHEMA, code: 'SELECT i.id FROM invoices i JOIN projects p ON p.organization_id = i.organization_id WHERE p.organization_id = $1;' },
    ],
    whenNot: 'Where the id does not come from a request in the same function it is a hint at most; `tenant.columns`, set to the tenant column, shows all of them. System code works for all tenants: sweeps, workers, admin pages. Name its paths in `tenant.systemPaths`, and global tables in `tenant.globalTables`. With row-level security the rule is silent.',
    fixSafety: 'Offered for review: rows of other tenants are no longer found. The value is the tenant that is in scope; check that it is the one of the session.',
  },
  options: {},
  check(context) {
    const { model, site, settings, catalog } = context;
    if (!catalog || model.completeness !== 'full' || !site.complete || context.role !== 'application') return;
    if (hasUnknownPart(model) || isSystemPath(context.uri, settings.tenant.systemPaths)) return;
    const tenant = findTenantColumns(context);
    if (!tenant) return;
    // Relations loaded with the rows (`with`) are reached through these rows' keys.
    const open = collectTenantOccurrences({ model, catalog }, tenant.columnOf).filter((o) => o.evidence === 'none' && !(site.eager.length > 0 && o.block.role === 'derived'));
    const first = open[0];
    const severity = first && severityOf(context, tenant);
    if (!first || !severity || model.blocks.some((b) => b.locking?.skipLocked)) return;
    const column = first.column;
    if (site.library !== 'sql' && isGuarded({ file: context.file, site, flow: context.flow, column, ...guardQuestions({ catalog, settings, sql: context.sql }, tenant.columnOf), tenantBinds: tenantBinds(context, tenant) })) return;
    const reported: TenantOccurrence[] = [];
    for (const occurrence of open) {
      // Tied once those before it are: the same gap, not a further one.
      const tied = reported.length > 0 && collectTenantOccurrences({ model, catalog }, tenant.columnOf, reported).some((o) => o.block.index === occurrence.block.index && o.relationIndex === occurrence.relationIndex && o.evidence !== 'none');
      if (tied) continue;
      reported.push(occurrence);
      report(context, occurrence, severity, tenant.because);
    }
  },
};

/**
 * A warning where an id comes from a request. Else what the callers checked is not known, and most of it is right: a hint where a
 * handler runs the function and most tables carry the column, and for those who have named it; silence otherwise. A statement
 * without any parameter is a sweep, unless a handler sends it.
 */
function severityOf(context: StatementContext, { confirmed, usual }: TenantColumns): Severity | undefined {
  const { site, model, file } = context;
  if (model.holes.length === 0) return site.functionId === undefined || context.file.functions[site.functionId]?.entry === undefined ? undefined : 'warning';
  if (site.binds.some((b) => b.origin === 'request')) return 'warning';
  return confirmed || (usual && site.functionId !== undefined && isReachedByRequest({ file, site, flow: context.flow })) ? 'hint' : undefined;
}

/** The values that some tenant column of the statement is compared with. */
function tenantBinds(context: StatementContext, { columnOf }: TenantColumns): ReadonlySet<Bind> {
  const { model, catalog } = context;
  const binds = new Set<Bind>();
  for (const block of catalog ? model.blocks : []) for (const { left, right } of block.conjuncts) for (const [side, other] of [[left, right], [right, left]]) {
    const bound = side?.column && catalog && bindColumn({ model, catalog }, block, side.column);
    if (!other || bound?.table === undefined || columnOf(bound.table) !== bound.column) continue;
    for (const { hole } of walkExpression(other)) {
      const bind = bindOfHole(context, hole);
      if (bind) binds.add(bind);
    }
  }
  return binds;
}

const VERBS: Readonly<Record<string, string>> = { update: 'updated', delete: 'deleted from', merge: 'merged into' };

function report(context: StatementContext, occurrence: TenantOccurrence, severity: Severity, because: string): void {
  const { block, relationIndex, table, column, hidden } = occurrence;
  const { model, site } = context;
  const relation = block.relations[relationIndex];
  if (!relation) return;
  const verb = relation.target ? (VERBS[block.kind] ?? 'read') : 'read';
  context.report({
    at: { sql: relation.span },
    severity,
    message: hidden ? `${table.name} is ${verb} without its tenant: the view lets rows of every ${column} through and does not show it.` : `${table.name} is ${verb} without its tenant: nothing holds ${column} to one value.`,
    because: `${because}; no condition, join or earlier check ties these rows to a tenant.`,
    confidence: 'schema',
    evidence: { table: table.name, column, ...(isView(table) ? { view: true } : {}) },
    fixes: () => hidden ? [] : tenantFixes({ model, site, file: context.file, text: context.text, block, relationIndex, table: table.name, column }),
  });
}
