import { pooledAs, readSessionSetting, type SessionSetting } from '../advice/sessionSetting';
import { toHostEdits } from '../advice/sqlEdits';
import { enclosingFunctions } from '../calls/enclosing';
import { collectTransactions } from '../calls/transactions';
import type { Fix, StatementContext, StatementRule } from '../lint/rule';
import { containsSpan } from '../text/span';

/** The tenant of a session that goes back to the pool with it, or that never reaches the queries. */
export const rlsSettingOutsideTransaction: StatementRule = {
  id: 'rls-setting-outside-transaction',
  scope: 'statement',
  category: 'tenancy',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'The tenant of row-level security is set for the session of a pooled connection',
  docs: {
    why: 'A pool hands the same connection to one request after the other. What `SET` or `set_config(…, false)` sets stays on it: the next request, of another tenant, reads this one’s rows if it sets nothing itself. `SET LOCAL` ends with the transaction. Outside of a transaction it ends with its own statement, and the queries that follow do not see it, all the less where the pool gives each of them another connection.',
    bad: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function invoices(tenantId: string) {\n  const client = await pool.connect();\n  try {\n    await client.query(\"SELECT set_config('app.tenant_id', $1, false)\", [tenantId]);\n    return (await client.query('SELECT id, total FROM invoices LIMIT 50')).rows;\n  } finally {\n    client.release();\n  }\n}",
      },
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function invoices(tenantId: string) {\n  const client = await pool.connect();\n  await client.query('BEGIN');\n  await client.query(\"SELECT set_config('app.tenant_id', $1, false)\", [tenantId]);\n  await client.query('SELECT id, total FROM invoices LIMIT 50');\n  await client.query('COMMIT');\n}",
      },
    ],
    good: [
      {
        language: 'typescript',
        code: "import { Pool } from 'pg';\nconst pool = new Pool();\nexport async function invoices(tenantId: string) {\n  const client = await pool.connect();\n  try {\n    await client.query('BEGIN');\n    await client.query(\"SELECT set_config('app.tenant_id', $1, true)\", [tenantId]);\n    const found = await client.query('SELECT id, total FROM invoices LIMIT 50');\n    await client.query('COMMIT');\n    return found.rows;\n  } catch (error) {\n    await client.query('ROLLBACK');\n    throw error;\n  } finally {\n    client.release();\n  }\n}",
      },
    ],
    whenNot: 'A pool that sets the tenant each time it hands out a connection, and resets it when it takes one back.',
    fixSafety: 'Offered for review, and only inside of a transaction: the setting then ends with it, and queries behind it no longer have it.',
  },
  options: {},
  check(context) {
    const { site, model } = context;
    const text = site.source?.text ?? '';
    if (site.library === 'sql' || !/\bset(_config)?\b/i.test(text)) return;
    const setting = readSessionSetting(text);
    // A constant says nothing of a tenant; a parameter of Postgres' own has no policy to serve.
    if (!setting || !setting.name.includes('.') || (model.holes.length === 0 && (site.source?.interpolations.length ?? 0) === 0) || !namesTenant(context, setting)) return;
    const { file, flow } = context;
    const pooled = pooledAs(file, site);
    const functions = enclosingFunctions(file, site.functionId);
    const hooked = functions.some((fn) => fn.decorators.some((d) => /listens_for|event/.test(d)) || (fn.callback !== undefined && /^(on|once|afterConnect|afterCreate|listen|use|\$use|\$extends|onConnect)$/.test(file.calls[fn.callback.callId]?.callee.at(-1) ?? '')));
    if (pooled === undefined || hooked || functions.length === 0 || isReset(context, setting)) return;
    const inside = collectTransactions(flow, file).some((t) => containsSpan(t.body, site.span) && (t.inner === undefined || functions.some((fn) => fn.id === t.inner)));
    // Handed a client, the caller may have begun.
    if (setting.local && (inside || pooled !== 'pool')) return;
    context.report({
      at: { host: site.anchor },
      message: setting.local ? `\`${setting.name}\` is set for a transaction that ends with this very statement: no query of the pool sees it.` : `\`${setting.name}\` is set for the session: the connection goes back to the pool with it, and the next request has this one’s tenant.`,
      because: setting.local ? 'Each query of a pool may run on another connection.' : inside ? 'SET LOCAL ends with the transaction.' : 'Nothing begins a transaction here, so that SET LOCAL would have no effect either: begin one around the queries.',
      confidence: 'text',
      evidence: { setting: setting.name, on: pooled, inTransaction: inside },
      fixes: () => (setting.local || !inside ? [] : localFix(context, setting)),
    });
  },
};

/** A policy reads it, or it is called like a tenant. */
function namesTenant({ catalog }: StatementContext, { name }: SessionSetting): boolean {
  if (/tenant|org(_|\.|anization|anisation|id|$)|workspace|account|team|company|user|claims/i.test(name)) return true;
  for (const table of catalog?.tables.values() ?? []) if (table.rowSecurity?.policies.some((p) => `${p.using ?? ''} ${p.check ?? ''}`.includes(`'${name}'`))) return true;
  return false;
}

/** Something in the file takes it back. */
const isReset = ({ file, site }: StatementContext, { name }: SessionSetting): boolean =>
  file.sites.some((other) => other.id !== site.id && (/^\s*(reset\b|discard\s+all)/i.test(other.source?.text ?? '') || ((other.source?.text ?? '').toLowerCase().includes(name) && /''|default/i.test(other.source?.text ?? ''))));

function localFix({ site, uri }: StatementContext, { scope, form }: SessionSetting): readonly Fix[] {
  const edits = toHostEdits(site, uri, [{ span: scope, text: form === 'set' ? 'SET LOCAL' : 'true' }]);
  return edits ? [{ title: 'Set it for the transaction alone', kind: 'review', edits }] : [];
}
