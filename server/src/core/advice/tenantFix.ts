import { quoteIdentifier } from '../sql/names';
import type { HostFile, QuerySite } from '../hosts/ir';
import { isCommonLanguage } from '../hosts/syntax';
import { findAdapter } from '../libraries';
import type { Fix } from '../lint/rule';
import type { QueryBlock, StatementModel } from '../sql/model';
import type { Edit } from '../text/edit';
import { hostSpan, spanText } from '../text/span';
import { addCondition, toHostEdits } from './sqlEdits';

export interface TenantFixRequest {
  readonly model: StatementModel;
  readonly site: QuerySite;
  readonly file: HostFile;
  /** Text of the document. */
  readonly text: string;
  readonly block: QueryBlock;
  readonly relationIndex: number;
  readonly table: string;
  readonly column: string;
}

/**
 * Adds the tenant predicate with the tenant value in scope, in the library's own idiom or in the SQL text.
 * @returns an empty list where no value is in scope or the edit has no place.
 */
export function tenantFixes(request: TenantFixRequest): readonly Fix[] {
  const { site, file, text, table, column } = request;
  if (site.library === 'sql') {
    const edits = sqlFileEdits(request);
    return edits ? [{ title: `Add ${column} to the condition (callers pass it)`, kind: 'review', edits }] : [];
  }
  if (isCommonLanguage(file.language)) return [];
  const value = findTenantValue(file, site, text, column);
  if (value === undefined) return [];
  const adapter = findAdapter(site.library);
  const predicate = { uri: file.uri, text, table, column, value };
  const own = adapter?.addPredicate?.(site, predicate);
  const note = own && adapter?.predicateNote?.(site, predicate);
  const edits = own ?? boundEdits(request, value);
  return edits ? [{ title: `Add ${column} = ${value} to the condition${note ? ` (${note})` : ''}`, kind: 'review', edits }] : [];
}

const squash = (name: string): string => name.replace(/_/g, '').toLowerCase();

/** An expression for the current tenant that is in scope at the site: a parameter or local of that name, else a path that the function uses (`ctx.tenantId`). */
function findTenantValue(file: HostFile, site: QuerySite, text: string, column: string): string | undefined {
  const wanted = squash(column);
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) {
    const fn = file.functions[id];
    if (!fn) return undefined;
    const named = fn.parameters.find((p) => squash(p.name) === wanted)?.name ?? fn.locals.find((l) => squash(l.name) === wanted && l.span.start < site.span.start)?.name;
    if (named !== undefined) return named;
    const path = tenantPath(spanText(text, fn.span), wanted, fn.parameters.map((p) => p.name));
    if (path !== undefined) return path;
  }
  return valueOfNeighbours(file, site, text, wanted);
}

/** The path that other functions of the file use (`req.tenantId` of the other handlers), where its root is in scope here too. */
function valueOfNeighbours(file: HostFile, site: QuerySite, text: string, wanted: string): string | undefined {
  const roots: string[] = [];
  for (let id = site.functionId; id !== undefined; id = file.functions[id]?.parent) roots.push(...(file.functions[id]?.parameters.map((p) => p.name) ?? []));
  return tenantPath(text, wanted, roots);
}

/** `ctx.tenantId`, `req.user.tenantId`, `request.state.tenant_id`: a dotted path used in the function that starts at a parameter, `this` or `self`. */
function tenantPath(body: string, wanted: string, parameters: readonly string[]): string | undefined {
  for (const match of body.matchAll(/(?<![\w.$'"`])([A-Za-z_$][\w$]*)((?:\??\.[A-Za-z_$][\w$]*)+)/g)) {
    const path = match[0];
    const last = path.split('.').at(-1) ?? '';
    const root = match[1] ?? '';
    if (squash(last) === wanted && (parameters.includes(root) || root === 'this' || root === 'self' || root === 'ctx' || root === 'session')) return path;
  }
  return undefined;
}

const qualified = ({ block, relationIndex, column }: TenantFixRequest): string => {
  const alias = block.relations[relationIndex]?.alias;
  return block.relations.length > 1 && alias !== undefined ? `${quoteIdentifier(alias)}.${quoteIdentifier(column)}` : quoteIdentifier(column);
};

/** The next parameter in the file's own style: `$3`, `:tenant_id`, `@tenant_id`. */
function sqlFileEdits(request: TenantFixRequest): readonly Edit[] | undefined {
  const { model, site, file, block, column } = request;
  const written = model.holes.map((hole) => spanText(site.source?.text ?? '', hole.span));
  const sigil = written.find((w) => /^[:@][A-Za-z_]/.test(w))?.[0];
  const highest = Math.max(0, ...written.flatMap((w) => (/^\$\d+$/.test(w) ? [Number(w.slice(1))] : [])));
  const value = sigil === undefined ? `$${highest + 1}` : `${sigil}${column.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()}`;
  const edits = addCondition(model, block, `${qualified(request)} = ${value}`);
  return edits && toHostEdits(site, file.uri, edits);
}

/** SQL text with `$n` and its arguments: the value goes behind the last one. */
function boundEdits(request: TenantFixRequest, value: string): readonly Edit[] | undefined {
  const { model, site, file, block } = request;
  if (site.chain.length > 0 || site.source?.placeholders !== 'dollar' || model.holes.some((h) => h.origin.type !== 'placeholder')) return undefined;
  const numbers = model.holes.map((h) => (h.origin.type === 'placeholder' ? Number(h.origin.key) : NaN));
  const highest = Math.max(0, ...numbers);
  const last = site.binds.find((b) => b.key === String(highest))?.span;
  if (!last || numbers.some(Number.isNaN)) return undefined;
  const sql = addCondition(model, block, `${qualified(request)} = $${highest + 1}`);
  const edits = sql && toHostEdits(site, file.uri, sql);
  return edits && [...edits, { uri: file.uri, span: hostSpan(last.end, last.end), text: `, ${value}` }];
}
