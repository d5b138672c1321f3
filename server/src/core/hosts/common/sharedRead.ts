import type { HostContext, HostString, LibraryAdapter } from '../../libraries/adapter';
import { adaptersFor } from '../../libraries';
import type { SharedIr, SharedText } from '../sharedIr';
import type { SyntaxNode } from '../syntax';
import { embeddedAbove, embeddedByCall } from './embedded';
import type { Classes } from './functions';
import type { Names } from './names';
import { normalized } from './shared';
import type { Source } from './source';
import { ownerOf, sendersOf } from './wrappers';

/** Longer texts are documents, not statements. */
const maxText = 8000;

/** Cheap: may a file of the common languages hold a constant text, or a function that is given SQL? */
export function mayShare(text: string): boolean {
  return constantText.test(text) || (driverWords.test(text) && textParameter.test(text));
}
const constantText = /\binclude_str!|^\/\/go:embed\s|\b(?:const|final|readonly|static)\b[^;{}\n]{0,300}=\s*(?:[\w.]+\(\s*)?[@$r#]*["'`]|^\s*[A-Z][A-Z\d_]*\s*=\s*(?:["'%]|<<)|^\t\w+(?:\s+string)?\s*=\s*["`]|^var\s+\w+(?:\s+string)?\s*=\s*["`]|\bString\s+[A-Z][A-Z\d_]*\s*=|\b(?:const|final|static)\b[^;{}\n=]{0,300}=[ \t]*\r?\n/m;
const driverWords = /\b(?:Query|Exec|Select|Prepare|Get)\w*\(|\bsqlx?\b|[jJ]dbc|java\.sql|prepareStatement|Npgsql|Dapper|\bPDO\b|\bPG::|exec_params|exec_query|select_all|DB::|postgres/;
const textParameter = /\b(?:string|String|CharSequence)\s+\$?\w+|\b\w+:\s*&(?:'\w+\s+)?str\b|\b(?:sql|query|stmt|statement|q|text)\w*,?[^()\n]{0,200}\bstring\b|\bdef\s+[\w.]+[( ][^\n]{0,300}(?:sql|query|stmt|statement)/i;

/** What a file tells the others of its package and those that import it; undefined: nothing. */
export function readShared(source: Source, names: Names, classes: Classes, context: HostContext): SharedIr | undefined {
  if (!mayShare(context.text)) return undefined;
  const texts = [...names.boundIn(undefined)].flatMap(([name, list]): SharedText[] => {
    const assigned = list.filter((binding) => binding.kind === 'assign');
    const [only] = assigned;
    const embedded = only && list.length === 1 ? (only.value ? embeddedByCall(source.unwrap(only.value), source) : embeddedAbove(only.node, source)) : undefined;
    // The files themselves are read by then.
    if (embedded !== undefined && only) return [{ name, ...ownerPart(ownerOf(only.node, source)), parts: [], complete: true, file: normalized(`${context.uri.slice(0, context.uri.lastIndexOf('/'))}/${embedded}`) }];
    if (assigned.length !== 1 || list.length !== 1 || !only?.value || only.index > 0 || !isConstant(name, only.node, only.value, source)) return [];
    const parts = partsOf(context.string(only.value));
    return parts ? [{ name: name.replace(/^\$/, ''), ...ownerPart(ownerOf(only.node, source)), ...parts }] : [];
  });
  const adapters: readonly LibraryAdapter[] = textParameter.test(context.text) ? adaptersFor(source.spec.language, context.text) : [];
  const senders = adapters.length === 0 ? [] : sendersOf(source, context, adapters).map(({ name, owner, ...sender }) => ({
    name, ...ownerPart(owner), bases: classes.list.filter((one) => one.name === owner).flatMap((one) => [...one.bases, ...(one.implements ?? [])]).map((base) => base.replace(/<.*$/s, '')), parameter: sender.parameter, library: sender.library, fetches: sender.fetches,
  }));
  return texts.length + senders.length === 0 ? undefined : { texts, senders };
}

const ownerPart = (owner: string | undefined): { readonly owner?: string } => (owner === undefined ? {} : { owner });

/** Written once and never again, by what the language says of it. */
function isConstant(name: string, node: SyntaxNode, value: SyntaxNode, { spec }: Source): boolean {
  const head = node.text.slice(0, Math.max(0, value.startIndex - node.startIndex));
  switch (spec.language) {
    case 'go':
      return node.type === 'const_spec' || node.type === 'var_spec';
    case 'java':
      return node.type === 'constant_declaration' || (/\bstatic\b/.test(head) && /\bfinal\b/.test(head));
    case 'csharp':
      return /\b(?:const|readonly)\b/.test(node.parent?.text.slice(0, Math.max(0, value.startIndex - node.parent.startIndex)) ?? '');
    case 'ruby':
      return /^[A-Z]/.test(name);
    case 'php':
      return node.type === 'const_element';
    case 'rust':
      return node.type === 'const_item' || node.type === 'static_item';
  }
}

function partsOf(text: HostString | undefined): Pick<SharedText, 'parts' | 'complete'> | undefined {
  if (!text || text.text === '' || text.text.length > maxText || text.conditional.length > 0) return undefined;
  const parts: (string | { hole: string })[] = [];
  let at = 0;
  for (const { span, hostText } of text.interpolations) {
    if (span.start > at) parts.push(text.text.slice(at, span.start));
    parts.push({ hole: hostText });
    at = span.end;
  }
  if (at < text.text.length) parts.push(text.text.slice(at));
  return { parts, complete: text.complete };
}
