import type { SyntaxNode } from '../syntax';
import type { Source } from './source';

/** Path of the SQL file that a call gives the content of: `include_str!("q.sql")`, `files.ReadFile("q.sql")` of Go's `embed`. */
export function embeddedByCall(node: SyntaxNode, source: Source): string | undefined {
  const form = source.callForm(node);
  const name = form?.name.text ?? '';
  const embeds = source.spec.language === 'rust' ? name === 'include_str' : source.spec.language === 'go' && name === 'ReadFile' && form?.receiver !== undefined && !/^(?:os|ioutil)$/.test(form.receiver.text);
  const argument = embeds ? form?.args[0]?.node : undefined;
  return argument && /^["`]([^"`$]+\.sql)["`]$/.exec(argument.text)?.[1];
}

/** Path behind a variable that Go fills: `//go:embed q.sql` above `var q string`. */
export function embeddedAbove(declaration: SyntaxNode, source: Source): string | undefined {
  if (source.spec.language !== 'go' || declaration.type !== 'var_spec' || declaration.childForFieldName('value')) return undefined;
  const outer = declaration.parent?.type === 'var_declaration' && declaration.parent.namedChildren.length === 1 ? declaration.parent : declaration;
  const above = source.comments.filter((comment) => comment.endIndex <= outer.startIndex).at(-1);
  const { root } = source;
  return above && /^\r?\n$/.test(root.text.slice(above.endIndex - root.startIndex, outer.startIndex - root.startIndex)) ? /^\/\/go:embed\s+"?([^\s"*]+\.sql)"?\s*$/.exec(above.text)?.[1] : undefined;
}
