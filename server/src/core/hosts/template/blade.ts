import { hostSpan } from '../../text/span';
import type { ReadNodes } from './erb';
import { argumentsIn, bracketEnd, keyedPaths, memberPaths, wholePath, type PathSyntax } from './memberPaths';
import { createTree } from './tree';

export const phpPaths: PathSyntax = {
  root: /\$[a-zA-Z_]\w*/y,
  // A call is another thing than the property of its name: a relation's method gives a query.
  member: /\s*\??->\s*([a-zA-Z_]\w*(?:\(\s*\))?)/y,
  rootName: (text) => text.slice(1),
  interpolation: { open: '{', close: '}' },
  skip: /[A-Za-z_]\w*/y,
};

/** Arguments of a directive are shorter: what nothing closes is not read to the end. */
const LONGEST = 2000;

/** Laravel's templates: what they read of the variables that a view is given, in which loops, and which views they take in. */
export function readBlade(text: string): ReadNodes | undefined {
  const tree = createTree();
  const comments: ReadNodes['comments'][number][] = [];
  const reads = (from: number, to: number): void => {
    for (const path of memberPaths(text, from, to, phpPaths)) tree.add({ kind: 'read', path });
  };
  // What nothing closes later is not looked for again.
  const closed = new Map<string, number>();
  const closing = (mark: string, from: number): number => {
    const known = closed.get(mark);
    const at = known === -1 || (known !== undefined && known >= from) ? known : text.indexOf(mark, from);
    closed.set(mark, at);
    return at;
  };
  const tags = /@?\{\{(?:--)?|\{!!|@@?([a-zA-Z]+)|<x-([a-z][\w.:-]*)|<!--(?=\s{0,20}sargable-disable)/g;
  for (let match = tags.exec(text); match; match = tags.exec(text)) {
    const at = match.index;
    const behind = at + match[0].length;
    const mark = match[0].replace('@', '');
    if (match[1] !== undefined) {
      if (!match[0].startsWith('@@') && !/\w/.test(text[at - 1] ?? '')) tags.lastIndex = directive(match[1], at, behind);
      continue;
    }
    if (match[2] !== undefined) {
      component(match[2], at, behind);
      continue;
    }
    const end = closing(mark === '{{' ? '}}' : mark === '{!!' ? '!!}' : mark === '<!--' ? '-->' : '--}}', behind);
    if (end < 0) continue;
    const until = end + (mark === '{{' ? 2 : mark === '{{--' ? 4 : 3);
    if (mark === '{{--' || mark === '<!--') comments.push({ text: text.slice(behind, end).trim(), span: hostSpan(at, until) });
    else if (!match[0].startsWith('@')) reads(behind, end);
    tags.lastIndex = until;
  }
  const built = tree.end();
  return built && { ...built, comments };

  /** `<x-orders.row :order="$order" />` takes in `components/orders/row` with what it is given; what stands in its tag and slot is read here. */
  function component(name: string, at: number, behind: number): void {
    if (name === 'slot' || name.startsWith('slot:') || name === 'dynamic-component' || name.includes('::')) return;
    const attribute = /\s+(?:(:{1,2})(?:\$(\w+)|([\w.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'))|[\w.:@-]+(?:\s*=\s*(?:"[^"]*"|'[^']*'))?|\{\{[^{}]*\}\})/y;
    const bindings: { readonly name: string; readonly path?: ReturnType<typeof wholePath> }[] = [];
    attribute.lastIndex = behind;
    for (let found = attribute.exec(text); found && attribute.lastIndex < behind + LONGEST; found = attribute.exec(text)) {
      const [whole, colons, short, given, double, single] = found;
      const value = short === undefined ? double ?? single : `$${short}`;
      if (colons !== ':' || value === undefined) continue;
      const to = found.index + whole.length - (short === undefined ? 1 : 0);
      const path = wholePath(text, to - value.length, to, phpPaths);
      if (path) bindings.push({ name: short ?? camel(given ?? ''), path });
      else reads(to - value.length, to);
    }
    const file = `components/${viewName(name)}`;
    tree.add({ kind: 'include', templates: [file, `${file}/index`], span: hostSpan(at, behind), bindings, isolated: true });
  }

  /** @returns where reading goes on */
  function directive(name: string, at: number, behind: number): number {
    const blank = /^[ \t]*/.exec(text.slice(behind, behind + 20))?.[0].length ?? 0;
    const opens = text[behind + blank] === '(';
    const end = opens ? bracketEnd(text, behind + blank, Math.min(text.length, behind + LONGEST)) : behind;
    const [from, to] = opens ? [behind + blank + 1, end - 1] : [end, end];
    const span = hostSpan(at, end);
    const string = (range: readonly [number, number] | undefined): string | undefined => (range && /^\s*["']([\w./:-]+)["']\s*$/.exec(text.slice(...range))?.[1]);
    switch (name) {
      case 'foreach': case 'forelse': {
        const as = /\sas\s+(?:\$\w+\s*=>\s*)?\$(\w+)$/.exec(text.slice(from, to).trimEnd());
        const iterable = as ? wholePath(text, from, from + as.index, phpPaths) : undefined;
        if (!iterable) reads(from, as ? from + as.index : to);
        tree.open(name === 'forelse' ? 'forelse' : 'foreach', span, (body) => ({ kind: 'loop', names: as?.[1] === undefined ? [] : [as[1]], ...(iterable ? { iterable } : {}), head: span, body }));
        break;
      }
      case 'for': case 'while':
        reads(from, to);
        tree.open(name, span, (body) => ({ kind: 'branch', body }));
        break;
      case 'if': case 'unless': case 'isset': case 'can': case 'cannot': case 'canany': case 'auth': case 'guest': case 'switch': case 'env': case 'once':
        reads(from, to);
        tree.open(name, span, (body) => ({ kind: 'branch', body }));
        break;
      case 'elseif': case 'else': case 'case': case 'default': case 'elsecan':
        tree.otherwise(span);
        reads(from, to);
        break;
      case 'empty':
        // `@empty($x)` asks; `@empty` alone is the other branch of `@forelse`.
        if (opens) tree.open('empty', span, (body) => ({ kind: 'branch', body }));
        else tree.otherwise(span);
        break;
      case 'endforeach': case 'endforelse': case 'endfor': case 'endwhile': case 'endif': case 'endunless': case 'endisset': case 'endcan': case 'endcannot': case 'endcanany': case 'endauth': case 'endguest': case 'endswitch': case 'endenv': case 'endonce': case 'endempty':
        tree.close(new RegExp(`^${name.slice(3)}$`), span);
        break;
      case 'include': case 'includeIf': case 'includeWhen': case 'includeUnless': {
        const given = argumentsIn(text, from, to);
        const shift = /When|Unless/.test(name) ? 1 : 0;
        const template = string(given[shift]);
        const values = given[shift + 1];
        const open = values === undefined ? -1 : text.indexOf('[', values[0]);
        const bindings = values === undefined || open < 0 || open >= values[1] ? [] : keyedPaths(text, open + 1, bracketEnd(text, open, values[1]) - 1, /["'](\w+)["']\s*=>/, phpPaths);
        if (shift === 1 && given[0]) reads(...given[0]);
        if (template !== undefined) tree.add({ kind: 'include', templates: [viewName(template)], span, bindings, isolated: false });
        break;
      }
      case 'each': {
        const given = argumentsIn(text, from, to);
        const [template, local] = [string(given[0]), string(given[2])];
        const rows = given[1] && wholePath(text, given[1][0], given[1][1], phpPaths);
        if (template !== undefined && local !== undefined && rows) tree.add({ kind: 'loop', names: [local], iterable: rows, head: span, body: [{ kind: 'include', templates: [viewName(template)], span, bindings: [{ name: local, path: { steps: [{ name: local, span: rows.span, called: false }], span: rows.span, filters: [] } }], isolated: true }] });
        break;
      }
      case 'php': {
        if (opens) reads(from, to);
        // What PHP does to the names is not followed.
        const close = opens ? end : closing('@endphp', end);
        for (const assigned of opens ? [] : text.slice(end, close < 0 ? text.length : close).matchAll(/\$(\w+)\s*=(?!=)/g)) tree.add({ kind: 'bind', name: assigned[1] ?? '' });
        return close < 0 ? text.length : Math.max(close, end);
      }
      case 'verbatim': {
        const close = closing('@endverbatim', end);
        return close < 0 ? text.length : close;
      }
      default:
        if (opens && !/^(?:extends|section|yield|push|stack|lang|csrf|method|props|aware|use|vite|component|slot|inject|media|font)$/.test(name)) reads(from, to);
    }
    return end;
  }
}

const camel = (name: string): string => name.replaceAll(/[-.](\w)/g, (_, letter: string) => letter.toUpperCase());

/** `orders.index`, as the file's path. */
export const viewName = (name: string): string => name.replaceAll('.', '/');
