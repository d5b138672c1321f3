import { hostSpan } from '../../text/span';
import type { Edit } from '../../text/edit';

/**
 * Makes a name of a module usable in a Python file.
 * @returns how the code then writes the name, and the edit that imports it; no edit where it is imported already.
 */
export function ensureImport(uri: string, text: string, module: string, name: string): { readonly expression: string; readonly edits: readonly Edit[] } {
  const pattern = new RegExp(`^from[ \\t]+${module.replaceAll('.', '\\.')}[ \\t]+import[ \\t]+(\\([^)]*\\)|[^\\n#(]*)`, 'gm');
  let first: { readonly end: number; readonly empty: boolean; readonly trailing: boolean } | undefined;
  for (const match of text.matchAll(pattern)) {
    const names = match[1] ?? '';
    const known = new RegExp(`(?:^|[\\s,(])${name}(?:\\s+as\\s+(\\w+))?(?=[\\s,)]|$)`).exec(names);
    if (known) return { expression: known[1] ?? name, edits: [] };
    const inner = names.replace(/\)$/, '').trimEnd();
    first ??= { end: match.index + match[0].length - names.length + inner.length, empty: /^\(?\s*$/.test(inner), trailing: inner.endsWith(',') };
  }
  const alias = new RegExp(`^import[ \\t]+${module.replaceAll('.', '\\.')}(?:[ \\t]+as[ \\t]+(\\w+))?[ \\t]*(?=\\r?\\n|$)`, 'm').exec(text);
  if (first && !first.empty) return { expression: name, edits: [{ uri, span: hostSpan(first.end, first.end), text: first.trailing ? ` ${name}` : `, ${name}` }] };
  if (alias) return { expression: `${alias[1] ?? module}.${name}`, edits: [] };
  const future = [...text.matchAll(/^from[ \t]+__future__[ \t]+import[^\n]*\n/gm)].at(-1);
  const anchor = future ? future.index + future[0].length : /^(?:from|import)[ \t]/m.exec(text)?.index ?? 0;
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  return { expression: name, edits: [{ uri, span: hostSpan(anchor, anchor), text: `from ${module} import ${name}${newline}` }] };
}
