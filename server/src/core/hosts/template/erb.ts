import { pluralize } from '../../libraries/shared/modelChains';
import { hostSpan, type HostSpan } from '../../text/span';
import { singular } from '../ruby/railsNames';
import { MODEL_PARTIAL, type TemplateNode, type TemplatePath } from '../templateIr';
import { argumentsIn, keyedPaths, memberPaths, wholePath, type PathSyntax } from './memberPaths';
import { createTree, type NodeTree } from './tree';

/** What a template's own reader finds; comments may suppress findings. */
export interface ReadNodes {
  readonly nodes: readonly TemplateNode[];
  readonly errors: readonly HostSpan[];
  readonly comments: readonly { readonly text: string; readonly span: HostSpan }[];
}

export const rubyPaths: PathSyntax = {
  root: /@?[a-z_]\w*[?!]?/y,
  member: /\s*&?\.\s*([a-z_]\w*[?!]?)/y,
  rootName: (text) => text,
  interpolation: { open: '#{', close: '}' },
  skip: /:[a-zA-Z_]\w*[?!]?|[a-zA-Z_]\w*[?!]?:(?!:)|[A-Z]\w*(?:::[A-Z]\w*)*(?:\.\w+)?|\d[\w.]*|(?:if|unless|and|or|not|do|end|then|in|while|until|else|nil|true|false|self|yield|case|when)\b/y,
};

/** Methods that walk what they are called on. */
const walking = /^(?:each|each_with_index|find_each|each_with_object|in_groups_of|each_slice|reverse_each)$/;

/** Rails' templates: what they read of instance variables and locals, in which loops, and which partials they take in. */
export function readErb(uri: string, text: string): ReadNodes | undefined {
  const tree = createTree();
  const comments: ReadNodes['comments'][number][] = [];
  for (let at = text.indexOf('<%'), close = 0; at >= 0; at = text.indexOf('<%', close)) {
    close = text.indexOf('%>', at + 2) + 2;
    if (close < 2) break;
    const mark = /[%#=-]/.exec(text[at + 2] ?? '')?.[0];
    const span = hostSpan(at, close);
    const start = at + 2 + (mark === undefined ? 0 : 1);
    const end = Math.max(start, close - 2 - (text[close - 3] === '-' ? 1 : 0));
    if (mark === '%') continue;
    if (mark === '#') comments.push({ text: text.slice(start, end).trim(), span });
    else readCode(uri, text, start, end, mark === '=', span, tree);
  }
  for (const match of text.matchAll(/<!--\s*(sargable-disable[^>]*?)-->/g)) comments.push({ text: (match[1] ?? '').trim(), span: hostSpan(match.index, match.index + match[0].length) });
  const built = tree.end();
  return built && { ...built, comments };
}

function readCode(uri: string, text: string, start: number, end: number, printed: boolean, span: HostSpan, tree: NodeTree): void {
  const code = text.slice(start, end).trimEnd();
  const reads = (from: number, to: number): void => {
    for (const path of memberPaths(text, from, to, rubyPaths)) tree.add({ kind: 'read', path });
  };
  const word = /^\s*([a-z]+)\b/.exec(code)?.[1] ?? '';
  const block = /\s(do)(?:\s*\|([^|]*)\|)?$/.exec(code) ?? /(\{)(?:\s*\|([^|]*)\|)?$/.exec(code);
  if (/^(?:end)$/.test(word) || /^\s*\}/.test(code)) return tree.close(/./, span);
  if (word === 'else' || word === 'elsif' || word === 'when' || word === 'in' || word === 'rescue' || word === 'ensure') {
    tree.otherwise(span);
    reads(start, end);
    return;
  }
  if (/^(?:if|unless|case|while|until|begin)$/.test(word) && !printed) {
    reads(start, end);
    return tree.open('block', span, (body) => ({ kind: 'branch', body }));
  }
  const forLoop = /^\s*for\s+([a-z_]\w*)\s+in\s/.exec(code);
  if (forLoop) {
    const iterable = wholePath(text, start + forLoop[0].length, start + code.replace(/\sdo$/, '').length, rubyPaths);
    return tree.open('block', span, (body) => ({ kind: 'loop', names: [forLoop[1] ?? ''], ...(iterable ? { iterable } : {}), head: span, body }));
  }
  if (!block) {
    if (printed && /^\s*render\b/.test(code)) return readRender(uri, text, start, end, span, tree, reads);
    const assigned = /^\s*([a-z_]\w*)\s*=(?![=~>])/.exec(code);
    if (assigned?.[1] !== undefined) {
      const path = wholePath(text, start + assigned[0].length, end, rubyPaths);
      if (!path) reads(start + assigned[0].length, end);
      return tree.add({ kind: 'bind', name: assigned[1], ...(path ? { path } : {}) });
    }
    return reads(start, end);
  }
  const head = start + block.index;
  const parameters = (block[2] ?? '').split(',').map((name) => name.trim());
  const path = wholePath(text, start, head, rubyPaths);
  const walked = path && walking.test(path.steps.at(-1)?.name ?? '') ? without(path) : undefined;
  if (walked) {
    // The first parameter is the element.
    const names = parameters[0] !== undefined && /^[a-z_]\w*$/.test(parameters[0]) ? [parameters[0]] : [];
    return tree.open('block', span, (body) => ({ kind: 'loop', names, iterable: walked, head: span, body }));
  }
  reads(start, head);
  // A block of a helper (`form_with … do |f|`), or one over something else: its parameters hide what has their names.
  tree.open('block', span, (body) => ({ kind: 'scope', bindings: parameters.filter((name) => name !== '').map((name) => ({ name })), body }));
}

const without = (path: TemplatePath): TemplatePath | undefined => {
  const steps = path.steps.slice(0, -1);
  const last = steps.at(-1);
  return last && { ...path, steps, span: hostSpan(path.span.start, last.span.end) };
};

/** `render 'row', order: order`, `render partial: 'row', collection: @orders, as: :order`, `render @orders`. */
function readRender(uri: string, text: string, start: number, end: number, span: HostSpan, tree: NodeTree, reads: (from: number, to: number) => void): void {
  const from = start + (/^\s*render\b\s*\(?/.exec(text.slice(start, end))?.[0].length ?? 0);
  const close = text.slice(from, end).trimEnd().endsWith(')') && /render\s*\(/.test(text.slice(start, from)) ? start + text.slice(start, end).lastIndexOf(')') : end;
  const given = argumentsIn(text, from, close);
  const options = new Map(given.flatMap(([a, b]): [string, [number, number]][] => { const key = /^\s*(\w+):(?!:)/.exec(text.slice(a, b)); return key?.[1] === undefined ? [] : [[key[1], [a + key[0].length, b]]]; }));
  const string = (range: readonly [number, number] | undefined): string | undefined => (range === undefined ? undefined : /^\s*["']([\w/.-]+)["']\s*$/.exec(text.slice(...range))?.[1]);
  const pathOf = (range: readonly [number, number] | undefined): TemplatePath | undefined => range && wholePath(text, range[0], range[1], rubyPaths);
  const name = string(options.get('partial')) ?? string(given[0]);
  const collection = options.get('collection');
  if (name === undefined) {
    const rows = given[0] && pathOf(given[0]);
    // The partial is named after the model of what is given.
    if (rows) tree.add({ kind: 'include', templates: [MODEL_PARTIAL, guessedPartial(rows)], span, bindings: [{ name: MODEL_PARTIAL, path: rows }], isolated: true });
    else reads(from, close);
    return;
  }
  const template = partialName(uri, name);
  const local = name.split('/').at(-1) ?? name;
  const locals = options.get('locals');
  const open = locals && text.indexOf('{', locals[0]);
  const bindings = locals && open !== undefined && open >= 0 ? keyedPaths(text, open + 1, text.lastIndexOf('}', locals[1]), /(\w+):(?!:)/, rubyPaths) : keyedPaths(text, given[0]?.[1] ?? from, close, /,?\s*(\w+):(?!:)/, rubyPaths).filter((binding) => !/^(?:partial|collection|as|locals|layout|formats|cached|spacer_template|object)$/.test(binding.name));
  const include = (more: typeof bindings): TemplateNode => ({ kind: 'include', templates: [template], span, bindings: [...bindings, ...more], isolated: true });
  const rows = pathOf(collection);
  const as = /^\s*:(\w+)/.exec(options.has('as') ? text.slice(...options.get('as')!) : '')?.[1] ?? local;
  if (rows) tree.add({ kind: 'loop', names: [as], iterable: rows, head: span, body: [include([{ name: as, path: { steps: [{ name: as, span: rows.span, called: false }], span: rows.span, filters: [] } }])] });
  else {
    const object = pathOf(options.get('object'));
    tree.add(include(object ? [{ name: local, path: object }] : []));
  }
}

/** `orders/_order` for `@orders` and `@order`: where it is, if the row's model is called so. */
function guessedPartial(rows: TemplatePath): string {
  const name = (rows.steps.at(-1)?.name ?? '').replace('@', '');
  return `${singular(name) === name ? pluralize(name) : name}/_${singular(name)}`;
}

/** A partial's name without a folder stands beside the template. */
function partialName(uri: string, name: string): string {
  const folder = /\/views\/(.*)\/[^/]*$/.exec(uri)?.[1] ?? '';
  const full = name.includes('/') ? name : `${folder}/${name}`;
  return full.replace(/([^/]*)$/, '_$1');
}
