import type { MigrationContext, MigrationRule } from '../lint/rule';
import { alterWork, defaultConstraintName, type AlterWork } from '../migrations/alterWork';
import type { AlterAction } from '../migrations/commands';
import type { MigrationStatement, RelationFacts } from '../migrations/migrationFile';
import { recipeFixes } from '../migrations/recipes';
import { isShipped, nameOfKey, newestOption, weigh } from '../migrations/weigh';
import { sqlSpan, type SqlSpan } from '../text/span';

const SCHEMA = 'CREATE TABLE tenants (id bigint PRIMARY KEY);\nCREATE TABLE orders (id bigint PRIMARY KEY, tenant_id bigint, status text, total integer);';
const assume = { orders: 2_000_000 };

/** ALTER TABLE that reads or writes a whole table while others wait for it. */
export const lockTakingAlter: MigrationRule = {
  id: 'lock-taking-alter',
  scope: 'migration',
  category: 'schema',
  severity: 'warning',
  needs: 'text',
  fixKinds: ['review'],
  summary: 'An ALTER TABLE reads or writes every row while its lock keeps others out',
  docs: {
    why: 'Most forms of ALTER TABLE take the strongest lock, ACCESS EXCLUSIVE: nobody reads or writes the table until the transaction ends. For a moment that is bearable. Some forms do work for every row under it: they check the rows against a constraint, build an index, or write the whole table anew. Each of these can be done in steps of which none holds a strong lock for long.',
    bad: [
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ALTER COLUMN tenant_id SET NOT NULL;' },
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ADD CONSTRAINT orders_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id);' },
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();' },
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ALTER COLUMN total TYPE bigint;' },
    ],
    good: [
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ADD CONSTRAINT orders_tenant FOREIGN KEY (tenant_id) REFERENCES tenants (id) NOT VALID;' },
      { language: 'sql', schema: SCHEMA, assume, code: 'ALTER TABLE orders ADD COLUMN note text, ADD COLUMN paid boolean NOT NULL DEFAULT false;' },
      { language: 'sql', assume, code: 'CREATE TABLE invoices (id bigint PRIMARY KEY, total integer);\nALTER TABLE invoices ALTER COLUMN total SET NOT NULL;' },
    ],
    whenNot: 'A table that is small, or new in the same migration, is not reported; nor is a migration that many others follow: it has been run. Where the application is stopped for the migration, turn the rule off.',
    fixSafety: 'Offered for review: the same schema is reached in several migrations. Until the last of them has run, old rows are not checked, and a column that is filled later is null in old rows. A change of type is explained, not written: the copy must be kept in step by the application or a trigger.',
  },
  options: newestOption,
  roles: ['application', 'script', 'migration'],
  check(context) {
    if (isShipped(context)) return;
    const added = new Set<string>();
    for (const statement of context.migration.statements) {
      const { command } = statement;
      if (statement.nested || statement.step?.assured || command.type !== 'alter-table' || command.kind !== 'table') continue;
      const facts = statement.relation(command.table);
      for (const action of command.actions) {
        checkAction(context, statement, action, facts);
        checkValidation(context, statement, action, facts, added);
        if (action.type === 'add-constraint' && action.constraint.notValid && heldOn(statement)) added.add(`${facts.key} ${defaultConstraintName(action.constraint, facts, command.table) ?? ''}`);
      }
    }
  },
};

function checkAction(context: MigrationContext, statement: MigrationStatement, action: AlterAction, facts: RelationFacts): void {
  const { command } = statement;
  const work = alterWork(action, statement, facts, context.catalog);
  const locked = work?.on ?? facts;
  const weight = work ? weigh(context, locked) : undefined;
  const at = weight && statement.place(firstLine(statement, action));
  if (!work || !weight || !at || command.type !== 'alter-table') return;
  context.report({
    at: { host: at }, site: statement.site, severity: isApart(work) && weight.severity === 'warning' ? 'info' : weight.severity, confidence: weight.confidence,
    message: `${work.blocks === 'everyone' ? 'Nobody can read or write' : 'Nobody can write to'} ${[nameOfKey(locked.key), ...(work.also === undefined ? [] : [work.also])].join(' or ')} while this ${work.does}.`,
    because: [weight.because, `${work.instead.charAt(0).toUpperCase()}${work.instead.slice(1)}.`].filter(Boolean).join(' '),
    evidence: { table: locked.key, work: work.work, lock: work.blocks === 'everyone' ? 'ACCESS EXCLUSIVE' : 'SHARE ROW EXCLUSIVE' },
    fixes: () => recipeFixes({ context, statement, command, action, facts }, work),
  });
}

/** Its first line: a CHECK may go on for many. */
function firstLine({ text }: MigrationStatement, { span }: AlterAction): SqlSpan {
  const line = /^[^\r\n]*/.exec(text.slice(span.start, span.end))?.[0].trimEnd().length ?? 0;
  return line === 0 ? span : sqlSpan(span.start, span.start + line);
}

/** A table that is no partition yet: hardly anybody else uses it. */
const isApart = ({ on }: AlterWork): boolean => on !== undefined && on.table?.partitionOf === undefined;

/** In one transaction with what came before: its locks are still held. */
const heldOn = ({ transaction }: MigrationStatement): boolean => transaction === 'open' || transaction === 'file' || transaction === 'together';

/** VALIDATE takes a weak lock, but the one of the ADD CONSTRAINT before it in the same transaction is still held. */
function checkValidation(context: MigrationContext, statement: MigrationStatement, action: AlterAction, facts: RelationFacts, added: ReadonlySet<string>): void {
  if (action.type !== 'validate' || !heldOn(statement) || !added.has(`${facts.key} ${action.name}`)) return;
  const weight = weigh(context, facts);
  const at = weight && statement.place(action.span);
  if (!weight || !at) return;
  context.report({
    at: { host: at }, site: statement.site, severity: weight.severity, confidence: weight.confidence,
    message: `${action.name} is validated in the transaction that adds it, whose lock on ${nameOfKey(facts.key)} is held meanwhile.`,
    because: [weight.because, 'Validate it in a migration of its own.'].filter(Boolean).join(' '),
    evidence: { table: facts.key, work: 'scan' },
  });
}
