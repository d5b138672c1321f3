import type { CallIr, HostFile, Loop, QuerySite } from '../hosts/ir';
import type { Execution, FlowGraph } from './flow';

/**
 * `for table in tables: f"SELECT count(*) FROM {table}"`, `for model in models: session.query(model)`: each turn reads or
 * writes another table, and no one statement can stand for the loop. Also where a function is given the table.
 */
export function namesTable(flow: FlowGraph, site: QuerySite | undefined, call: CallIr | undefined, execution: Execution, derived: ReadonlySet<string>): boolean {
  if (site) return tableNames(site, call).some((name) => derived.has(name));
  // One function on: the table is a parameter of the function that sends the statement.
  const [, last, ...more] = execution.path;
  const sender = last && more.length === 0 ? flow.file(last.uri) : undefined;
  const sent = sender?.sites.find((other) => other.anchor.start === last?.span.start && other.anchor.end === last.span.end);
  const fn = sent?.functionId === undefined ? undefined : sender?.functions[sent.functionId];
  if (!sent || !fn || !call) return false;
  return tableNames(sent, undefined).some((name) => {
    const index = fn.parameters.filter((parameter) => !/^(?:self|cls|this)$/.test(parameter.name)).findIndex((parameter) => parameter.name === name);
    const argument = index < 0 ? undefined : call.args.find((given) => given.name === name) ?? (call.args.some((given) => given.name !== undefined) ? undefined : call.args[index]);
    return argument?.names.some((one) => derived.has(one)) ?? false;
  });
}

/** Calls that point a connection, or what runs in their block, at the schema of one tenant. */
const switches = /^(?:schema_context|tenant_context|switch!?|switch_tenant|with_tenant_schema)$/;

/** Each turn works in a schema of its own (`schema_translate_map`, django-tenants, Apartment): no one statement reaches them all. */
export const choosesSchema = (file: HostFile, loop: Loop, derived: ReadonlySet<string>): boolean =>
  file.calls.some((call) => call.loopIds.includes(loop.id) && call.args.some((given) => given.names.some((name) => derived.has(name)) && (given.name === 'schema_translate_map' || (switches.test(call.callee.at(-1) ?? '') && (call.callee.at(-1) !== 'switch' || /Tenant$/.test(call.callee.at(-2) ?? ''))))));

/** Host names that the statement's table comes from. */
function tableNames(site: QuerySite, call: CallIr | undefined): readonly string[] {
  const { source, binds } = site;
  // `insert(table)`, `table.delete()` of SQLAlchemy's core, where the table is not known.
  const core = source === undefined && site.library === 'sqlalchemy' ? /^(?:(?:\w+\.)?(?:insert|update|delete|select)\(\s*(\w+)|(\w+)\.(?:insert|update|delete|select)\()/.exec(call?.args[0]?.text ?? '') : null;
  if (core) return [core[1] ?? core[2] ?? ''];
  return binds.flatMap((bind) => {
    const hole = bind.interpolation === undefined ? undefined : source?.interpolations[bind.interpolation];
    if (hole === undefined || !(hole.kind === undefined || hole.kind === 'identifier' || hole.kind === 'fragment')) return [];
    const before = source?.text.slice(0, hole.span.start) ?? '';
    const entity = site.library === 'sqlalchemy' && /^\s*select\s+(?:distinct\s+)?$/i.test(before);
    return entity || /\b(?:from|join|into|update|table)\s+(?:only\s+)?(?:\S+\.)?"?$/i.test(before) ? bind.names : [];
  });
}
