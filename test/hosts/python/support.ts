import { readPython } from '../../../server/src/core/hosts/python';
import type { ModelIndex } from '../../../server/src/core/hosts/models';
import type { HostFile, QuerySite } from '../../../server/src/core/hosts/ir';
import { splitStatements } from '../../../server/src/core/sql/split';
import { applyEdits, type Edit } from '../../../server/src/core/text/edit';
import { createSyntaxParser } from '../../../server/src/parser/treeSitter';

const parser = await createSyntaxParser({ languages: ['python'] });
export const testUri = 'file:///app/service.py';

/** Reads Python source as the workspace does. */
export function read(text: string, models: ModelIndex = new Map(), uri = testUri): HostFile {
  const tree = parser.parse('python', text);
  try {
    return readPython(uri, text, tree, { split: splitStatements, models });
  } finally {
    tree.dispose();
  }
}

/** The only site of a source. */
export function readOne(text: string, models?: ModelIndex): QuerySite {
  const { sites } = read(text, models);
  if (sites.length !== 1 || !sites[0]) throw new Error(`${sites.length} sites: ${sites.map((site) => site.source?.text ?? '(opaque)').join(' | ')}`);
  return sites[0];
}

export const sqlOf = (text: string, models?: ModelIndex): string[] => read(text, models).sites.map((site) => site.source?.text.replaceAll(/\s+/g, ' ').trim() ?? '(opaque)');

export function applied(text: string, edits: readonly Edit[] | undefined): string | undefined {
  return edits && applyEdits(text, edits);
}
