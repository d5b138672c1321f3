import { expect, it } from 'vitest';
import { createContext } from '../../../server/src/core/hosts/python/context';
import { collectScopes } from '../../../server/src/core/hosts/python/scopes';
import { calleeName, parts } from '../../../server/src/core/hosts/python/syntaxTools';
import type { SyntaxNode } from '../../../server/src/core/hosts/syntax';
import { splitStatements } from '../../../server/src/core/sql/split';
import { createSyntaxParser } from '../../../server/src/parser/treeSitter';

const parser = await createSyntaxParser({ languages: ['python'] });

/** Entries (or elements) of the argument of `use(…)`. */
function seen(text: string): string {
  const tree = parser.parse('python', text);
  try {
    const context = createContext('file:///a.py', text, collectScopes(tree.root), { split: splitStatements, models: new Map() }, new Map());
    const find = (node: SyntaxNode): SyntaxNode | undefined => (node.type === 'call' && calleeName(node)?.text === 'use' ? node : node.namedChildren.map(find).find(Boolean));
    const call = find(tree.root);
    const argument = call && parts(call.childForFieldName('arguments') ?? call)[0];
    if (!argument) return '(no use)';
    const condition = (part: { readonly condition?: { readonly text: string } }): string => (part.condition ? ` if ${part.condition.text}` : '');
    const dict = context.entries(argument);
    if (dict) return dict.entries.map((entry) => `${entry.key}=${entry.value.text}${condition(entry)}`).join(', ') + (dict.open ? ' …' : '');
    const list = context.items(argument);
    return list ? list.items.map((item) => `${item.node.text}${condition(item)}`).join(', ') + (list.open ? ' …' : '') : '(unknown)';
  } finally {
    tree.dispose();
  }
}

const forms: readonly (readonly [name: string, text: string, expected: string])[] = [
  ['a literal', 'use({"a": 1, **{"b": x}})', 'a=1, b=x'],
  ['dict()', 'use(dict(a=1, b=y))', 'a=1, b=y'],
  ['a variable with writes', 'def f(q):\n  d = {"a": 1}\n  if q:\n    d["b"] = q\n  use(d)', 'a=1, b=q if q'],
  ['update', 'def f(q):\n  d = {}\n  d.update({"a": 1}, b=q)\n  use(d)', 'a=1, b=q'],
  ['|=', 'def f(q):\n  d = {"a": 1}\n  if q:\n    d |= {"b": q}\n  use(d)', 'a=1, b=q if q'],
  ['|', 'base = {"t": 1}\ndef f(q):\n  use(base | {"b": q})', 't=1, b=q'],
  ['{**d}', 'def f(q):\n  d = {"a": 1}\n  if q:\n    d = {**d, "b": q}\n  use(d)', 'a=1, b=q if q'],
  ['a helper', 'def scope(u):\n  return {"team": u.team}\ndef f(u):\n  use({**scope(u), "x": 1})', 'team=u.team, x=1'],
  ['a method', 'class A:\n  def scope(self):\n    return {"team": self.team}\n  def f(self):\n    use(self.scope())', 'team=self.team'],
  ['a choice', 'use({"a": 1} if x else {"b": 2})', 'a=1 if x, b=2 if not x'],
  ['unknown parts', 'def f(q, **kw):\n  d = {"a": 1, **kw}\n  use(d)', 'a=1 …'],
  ['a computed key', 'def f(q):\n  d = {"a": 1}\n  d[q] = 1\n  use(d)', 'a=1 …'],
  ['a loop', 'def f(qs):\n  d = {"a": 1}\n  for q in qs:\n    d["b"] = q\n  use(d)', 'a=1 …'],
  ['a removed key', 'def f(q):\n  d = {"a": 1}\n  d.pop("a")\n  use(d)', 'a=1 …'],
  ['a list', 'def f(q):\n  l = [1]\n  if q:\n    l.append(q)\n  l += [2]\n  use(l)', '1, q if q, 2'],
  ['a list in a loop', 'def f(qs):\n  l = []\n  for q in qs:\n    l.append(q)\n  use(l)', 'q …'],
  ['concatenated lists', 'use([1, *[2]] + [3])', '1, 2, 3'],
  ['something else', 'def f(q):\n  use(q)', '(unknown)'],
];

it.each(forms)('%s', (_name, text, expected) => {
  expect(seen(text)).toBe(expected);
});
