import type { HostFile } from '../../server/src/core/hosts/ir';
import { readTypeScript } from '../../server/src/core/hosts/typescript';
import type { HostLanguage } from '../../server/src/core/hosts/syntax';
import { splitStatements } from '../../server/src/core/sql/split';
import type { Span } from '../../server/src/core/text/span';
import { createSyntaxParser } from '../../server/src/parser/treeSitter';

const parser = await createSyntaxParser({ languages: ['typescript', 'tsx', 'javascript'] });
const languages: Readonly<Record<string, HostLanguage>> = { ts: 'typescript', tsx: 'tsx', js: 'javascript', jsx: 'javascript' };

/** Reads a script with the real parser; `at` gives the text under a span. */
export function readScript(text: string, name = 'src/app.ts'): HostFile & { at(span: Span | undefined): string } {
  const tree = parser.parse(languages[name.split('.').at(-1) ?? ''] ?? 'typescript', text);
  try {
    const file = readTypeScript(`file:///${name}`, text, tree, { split: splitStatements, models: new Map() });
    return { ...file, at: (span) => (span ? text.slice(span.start, span.end) : '') };
  } finally {
    tree.dispose();
  }
}
