import type { ModelIr } from '../../hosts/ir';
import { findModel, type ModelIndex } from '../../hosts/models';
import type { Binding, Scopes } from '../../hosts/python/scopes';
import { field, parts, unwrap } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';

/** How a base class names the tables of its subclasses. */
export type TableNaming = NonNullable<ModelIr['naming']>;

/**
 * The naming in `def __tablename__(cls): return …` of a base class: the class' name as it is, in lower case, or in snake
 * case by an expression or a function of this file. Undefined for any other, which only running it would tell.
 */
export function readTableNaming(binding: Binding | undefined, scopes: Scopes): TableNaming | undefined {
  const returned = binding?.kind === 'function' ? returnedValue(binding.node) : undefined;
  const text = returned?.text.replaceAll(/\s+/g, '') ?? '';
  if (text === 'cls.__name__') return 'class';
  if (text === 'cls.__name__.lower()') return 'lower';
  if (isSnakeCase(text)) return 'snake';
  const called = /^((?:\w+\.)*)(\w+)\(cls\.__name__\)$/.exec(text);
  if (!called) return undefined;
  if (/snake|underscore/i.test(called[2] ?? '')) return 'snake';
  const helper = called[1] === '' ? scopes.module.bindings.get(called[2] ?? '')?.find((candidate) => candidate.kind === 'function')?.node : undefined;
  return helper && isSnakeCase(helper.text.replaceAll(/\s+/g, '')) ? 'snake' : undefined;
}

/** `re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()`, `"_".join(part.lower() for part in re.split(…))`, and nothing added to it. */
const isSnakeCase = (text: string): boolean => /\bre\.(?:sub|split)\(|\.sub\(/.test(text) && /\[A-Z\]/.test(text) && /["']_["']|_\\1|\\1_/.test(text) && /\.lower\(\)/.test(text) && !/\+["']\w|["']\+|\{cls|pluralize|\bf["']/.test(text);

/** What a function's last statement returns. */
function returnedValue(node: SyntaxNode): SyntaxNode | undefined {
  const body = field(node, 'body');
  const last = body && parts(body).at(-1);
  const value = last?.type === 'return_statement' ? parts(last)[0] : undefined;
  return value && unwrap(value);
}

/** The table's name; undefined where snake case is a matter of taste (`SSOUser`, `Page2`). */
export function tableNameOf(name: string, naming: TableNaming): string | undefined {
  if (naming === 'class') return name;
  if (naming === 'lower') return name.toLowerCase();
  return /[A-Z]{2}|\d|_/.test(name) ? undefined : name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toLowerCase();
}

/** The table of a model whose base class stands in another file; undefined until one of its bases is known to name tables. */
export function inheritedTable(name: string, bases: readonly string[], known: ModelIndex, depth = 0): string | undefined {
  for (const base of bases) {
    const model = findModel(known, base, 'sqlalchemy');
    if (model?.naming) return tableNameOf(name, model.naming);
    const from: string | undefined = model?.table === '' && model.inherits && depth < 6 ? inheritedTable(name, model.inherits, known, depth + 1) : undefined;
    if (from !== undefined) return from;
  }
  return undefined;
}

/** A model as statements may use it: with its table. Undefined for base classes, and for models whose table is not known. */
export function withTable(model: ModelIr | undefined, known: ModelIndex): ModelIr | undefined {
  if (model?.table !== '') return model;
  const table = model.inherits && inheritedTable(model.name, model.inherits, known);
  return table === undefined ? undefined : { ...model, table };
}
