import { hostSpan } from '../../text/span';
import type { Edit } from '../../text/edit';
import type { Fix, FlowContext } from '../../lint/rule';
import { camelName, freshName, lineEnd } from './code';
import type { PlainLoop } from './shape';

/** What becomes of a query in a loop: statements before it, and changes in it. */
export interface Rewrite {
  readonly before: readonly string[];
  readonly edits: readonly Omit<Edit, 'uri'>[];
  /** Other changes of the document: an import. */
  readonly others?: readonly Edit[];
  readonly title?: string;
}

/** The fix that writes the statements before the loop (indented as it is) and the changes. */
export function rewriteFix(context: FlowContext, plain: Pick<PlainLoop, 'at' | 'indent'>, rewrite: Rewrite): Fix {
  const { uri } = context.file;
  const eol = lineEnd(context.text);
  const lines = rewrite.before.map((line, k) => (k === 0 ? '' : plain.indent) + line).join(eol) + eol + plain.indent;
  return {
    title: rewrite.title ?? 'Read all rows with one query before the loop',
    kind: 'review',
    edits: [
      ...(rewrite.others ?? []),
      ...(rewrite.before.length > 0 ? [{ uri, span: hostSpan(plain.at, plain.at), text: lines }] : []),
      ...rewrite.edits.map((edit) => ({ ...edit, uri })),
    ],
  };
}

/** JavaScript: `for (const row of rows)` into lists by key, in the order of the rows; TypeScript keeps the rows' type. */
export function groupLines({ file, text }: FlowContext, map: string, relation: string, rows: string, key: string): readonly string[] {
  const typed = file.language === 'typescript' || file.language === 'tsx';
  const all = freshName(text, camelName('found', relation));
  return [
    ...(typed ? [`const ${all} = ${rows};`, `const ${map} = new Map<${key.startsWith('String(') ? 'string' : 'unknown'}, (typeof ${all})[number][]>();`] : [`const ${map} = new Map();`]),
    `for (const row of ${typed ? all : rows}) {`,
    `  const known = ${map}.get(${key});`,
    '  if (known) known.push(row);',
    `  else ${map}.set(${key}, [row]);`,
    '}',
  ];
}

/** JavaScript: rows by a key that no two of them share. `strip`: the key was added to the columns and is taken off the rows again. */
export function uniqueLines(map: string, rows: string, column: string, strip: boolean, wrap: (value: string) => string): readonly string[] {
  const parameter = strip ? `{ ${column}: key, ...row }` : 'row';
  return [`const ${map} = new Map((${rows}).map((${parameter}) => [${wrap(strip ? 'key' : `row.${column}`)}, row]));`];
}
