import type { LazyRead } from '../../calls/lazyReads';
import type { Fix, FlowContext } from '../../lint/rule';
import { findAdapter } from '../../libraries';
import type { Edit } from '../../text/edit';
import { hostSpan } from '../../text/span';
import { lineEnd } from './code';

/** The query of the elements, and the way from them to what is read. */
export type EagerRequest = Pick<LazyRead, 'site' | 'path'>;

/**
 * Loads the relation with the query that gives the elements, as the library does: by its adapter, else SQLAlchemy's `selectinload` for many rows (the parents' keys
 * go into one further statement), `joinedload` for one. Adds the option and the import.
 * Undefined where the statement is not written as `select(Model)` or `.query(Model)` in this file.
 */
export function eagerLoadFix(context: FlowContext, lazy: EagerRequest): Fix | undefined {
  const { site, path } = lazy;
  const own = findAdapter(site.library)?.loadRelation?.(site, { uri: context.file.uri, text: context.text, path });
  if (own) return { title: titleOf(path, own.by), kind: 'review', edits: own.edits };
  if (site.library !== 'sqlalchemy' || site.model === undefined) return undefined;
  const { file } = context;
  const at = afterEntity(context, site);
  const steps = path.map((step, k) => ({ ...step, owner: ownerOf(context, lazy, k) }));
  if (at === undefined || steps.some((s) => s.owner === undefined)) return undefined;
  const names = steps.map((step) => (step.many ? 'selectinload' : 'joinedload'));
  const option = steps.map((step, k) => `${names[k]}(${step.owner}.${step.property})`).join('.');
  // Only what this file can name: the models on the way must be imported or declared here.
  const known = new Set([...file.imports.map((i) => i.local), ...file.models.map((m) => m.name)]);
  if (steps.some((s) => !known.has(s.owner ?? ''))) return undefined;
  const edits: Edit[] = [{ uri: file.uri, span: hostSpan(at, at), text: `.options(${option})` }];
  const importEdit = importOf(context, [...new Set(names.filter((n) => !file.imports.some((i) => i.local === n)))]);
  if (importEdit === undefined) return undefined;
  return { title: titleOf(path, [...new Set(names)].join(', ')), kind: 'review', edits: [...importEdit, ...edits] };
}

const titleOf = (path: LazyRead['path'], by: string): string => `Load \`${path.map((p) => p.property).join('.')}\` with the query (${by})`;

/** Behind `select(Order)` or `.query(Order)`: where `.options(…)` belongs. In the call itself, or in the variable that it is given. */
function afterEntity({ file, text }: FlowContext, site: LazyRead['site']): number | undefined {
  const fn = site.functionId === undefined ? undefined : file.functions[site.functionId];
  const call = site.callId === undefined ? undefined : file.calls[site.callId];
  const statement = fn?.locals.filter((l) => call?.args.some((a) => a.text === l.name)) ?? [];
  for (const span of [site.span, ...(statement.length === 1 ? statement.map((l) => l.span) : [])]) {
    const match = new RegExp(`\\b(?:select|query)\\(\\s*${site.model ?? ''}\\s*\\)`).exec(text.slice(span.start, span.end));
    if (match) return span.start + match.index + match[0].length;
  }
  return undefined;
}

function ownerOf(context: FlowContext, lazy: EagerRequest, step: number): string | undefined {
  let owner = lazy.site.model;
  for (const { property } of lazy.path.slice(0, step)) {
    const from: string | undefined = owner;
    const model = [...context.flow.files()].flatMap((f) => f.models).find((m) => m.name === from);
    owner = model?.relations.find((r) => r.property === property)?.model;
  }
  return owner;
}

/** Adds the names to an existing `from sqlalchemy.orm import …` on one line, or a line of its own behind the first import. */
function importOf(context: FlowContext, names: readonly string[]): readonly Edit[] | undefined {
  if (names.length === 0) return [];
  const { text, file } = context;
  const line = /^from[ \t]+sqlalchemy\.orm[ \t]+import[ \t]+[^(#\\\r\n]*[^(#\\\s]/m.exec(text);
  if (line) {
    const end = line.index + line[0].length;
    return [{ uri: file.uri, span: hostSpan(end, end), text: `, ${names.join(', ')}` }];
  }
  const first = /^(?:from[ \t]+sqlalchemy\b.*|import[ \t]+sqlalchemy\b.*|from[ \t]+(?!__future__)\S+[ \t]+import\b(?!.*\($).*|import[ \t].*)$/m.exec(text);
  if (!first || /\(\s*$/.test(first[0])) return undefined;
  return [{ uri: file.uri, span: hostSpan(first.index, first.index), text: `from sqlalchemy.orm import ${names.join(', ')}${lineEnd(text)}` }];
}
