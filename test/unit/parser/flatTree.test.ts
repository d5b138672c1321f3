import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import TreeSitter, { type Node, type Tree } from '@vscode/tree-sitter-wasm';
import { describe, expect, it } from 'vitest';
import type { SyntaxNode } from '../../../server/src/core/hosts/syntax';
import { hostSpan } from '../../../server/src/core/text/span';
import { readFlatTree, readGrammarTables } from '../../../server/src/parser/flatTree';
import { createSyntaxParser, findWasmFolder, loadRuntime } from '../../../server/src/parser/treeSitter';

const folder = findWasmFolder();

async function load(language: string): Promise<TreeSitter.Language> {
  return TreeSitter.Language.load(await readFile(join(folder, `tree-sitter-${language}.wasm`)));
}

interface Described {
  readonly type: string;
  readonly span: readonly [number, number];
  readonly flags: readonly [boolean, boolean];
  readonly named: readonly string[];
  readonly fields: Readonly<Record<string, number>>;
  readonly children: readonly Described[];
}

/** Fields of ERROR nodes and of type queries are the runtime's own guesses: no reader asks for them. */
function describeNode(node: Node | SyntaxNode, fieldNames: readonly string[]): Described {
  const present = (list: readonly (Node | SyntaxNode | null)[]): (Node | SyntaxNode)[] => list.filter((child) => child !== null);
  const asked = node.type === 'ERROR' || node.type === 'type_query' ? [] : fieldNames;
  return {
    type: node.type, span: [node.startIndex, node.endIndex], flags: [node.hasError, node.isMissing],
    named: present(node.namedChildren).map((child) => `${child.type}@${child.startIndex}`),
    fields: Object.fromEntries(asked.flatMap((name) => {
      const child = node.childForFieldName(name);
      return child ? [[name, child.startIndex]] : [];
    })),
    children: present(node.children).map((child) => describeNode(child, fieldNames)),
  };
}

const script = `import { Pool as P } from 'pg';
/* ü 😀 */ export class A extends B<T> { constructor(private readonly db: P, n?: number) { super(); } @Get() async m({ a, b: [c, ...d] }: X = {}) { for await (const x of xs) yield* this.db.query(\`SELECT \${x} -- é\`, [a ?? b!]); } }
const f = async (x) => { switch (x) { case 1: break; default: return x ? y : { ...z, [k]: 1, m() {} }; } };`;
const python = `@app.get("/x")
async def f(a: int, *b, c=1, **d) -> None:
    async with s() as t:
        rows = [r for r in await t.execute(f"select {a!r} é") if r and not b]
    return rows if rows else {**d}
`;

describe('a tree copied in one walk', () => {
  for (const [language, text] of [['typescript', script], ['tsx', `${script}\nconst e = <A b="c" {...d}>{f(1)}</A>;`], ['javascript', 'const { a } = require("b"); a`x${1}`; label: while (1) { continue label }'], ['python', python]] as const) {
    it(`has the runtime's nodes, fields and flags: ${language}, whole and broken`, async () => {
      const runtime = await loadRuntime(folder);
      const grammar = await load(language);
      const tables = readGrammarTables(grammar);
      const parser = new TreeSitter.Parser();
      parser.setLanguage(grammar);
      for (const cut of [0, 40, 75, 130, 190]) {
        const broken = cut === 0 ? text : text.slice(0, cut) + text.slice(cut + 9);
        const tree = parser.parse(broken);
        if (!tree) throw new Error('cancelled');
        const names = [...tables.fieldIds.keys()];
        const root = readFlatTree(tree, broken, tables, runtime);
        expect(describeNode(root, names)).toEqual(describeNode(tree.rootNode, names));
        tree.delete();
      }
    });
  }

  it('hands out one object per node, however it is reached', async () => {
    const tree = (await createSyntaxParser({ languages: ['typescript'] })).parse('typescript', 'f(a, b);');
    const call = tree.root.namedChildren[0]?.namedChildren[0];
    expect(call?.childForFieldName('arguments')).toBe(call?.namedChildren[1]);
    expect(call?.children[1]).toBe(call?.namedChildren[1]);
    expect(call?.namedChildren[0]?.parent).toBe(call);
    tree.dispose();
  });

  it('reads the nodes again after they were released, and an edit after that', async () => {
    const parser = await createSyntaxParser({ languages: ['typescript'] });
    const tree = parser.parse('typescript', 'f(1);');
    const before = tree.root;
    tree.release();
    expect(tree.root).not.toBe(before);
    expect(tree.root.namedChildren[0]?.text).toBe('f(1);');
    const next = parser.parse('typescript', 'f(1);\ng();', { tree, edits: [{ span: { start: 5, end: 5 } as never, text: '\ng();' }] });
    expect(next.root.namedChildren.map((child) => child.text)).toEqual(['f(1);', 'g();']);
    next.dispose();
    tree.dispose();
  });

  it('takes over what an edit left as it was: the same nodes as those of a whole walk', async () => {
    const parser = await createSyntaxParser({ languages: ['typescript', 'python'] });
    const runtime = await loadRuntime(folder);
    let seed = 7;
    const random = (below: number): number => (seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff) % below;
    for (const [language, source] of [['typescript', script], ['python', python]] as const) {
      const tables = readGrammarTables(await load(language));
      const names = [...tables.fieldIds.keys()];
      let text = `${source}\n${source}`;
      let tree = parser.parse(language, text);
      expect(tree.root.children.length).toBeGreaterThan(1);
      for (let i = 0; i < 80; i++) {
        const start = random(text.length);
        const end = Math.min(text.length, start + random(2) * random(7));
        const inserted = ['x', '', '(', '}', '\n', '"', '`', '    ', '😀', '# ', ', b', ' if x'][random(12)] ?? '';
        text = text.slice(0, start) + inserted + text.slice(end);
        const next = parser.parse(language, text, { tree, edits: [{ span: hostSpan(start, end), text: inserted }] });
        tree.dispose();
        tree = next;
        const { native } = tree as unknown as { readonly native: Tree };
        expect(describeNode(tree.root, names)).toEqual(describeNode(readFlatTree(native, text, tables, runtime), names));
      }
      tree.dispose();
    }
  });
});
