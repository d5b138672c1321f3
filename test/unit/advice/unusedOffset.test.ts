import { describe, expect, it } from 'vitest';
import { removeUnused } from '../../../server/src/core/advice/unusedOffset';
import { applyEdits } from '../../../server/src/core/text/edit';
import { hostSpan } from '../../../server/src/core/text/span';
import { readScript } from '../../support/readScript';

/** The body after the query's `use` is replaced, and what nothing uses any more is gone. */
function after(body: string, use: string, replacement: string): string {
  const text = `import { Pool } from 'pg';\nconst pool = new Pool();\nasync function page(n, size, db) {\n${body}}\n`;
  const file = readScript(text, 'src/app.js');
  const [site] = file.sites;
  if (!site) throw new Error('no query');
  const at = text.lastIndexOf(use);
  const edit = { uri: file.uri, span: hostSpan(at, at + use.length), text: replacement };
  return applyEdits(text, [edit, ...removeUnused(file, text, site, ['skip'], [edit])])?.split('\n').slice(3, -2).join('\n') ?? '';
}
const query = "  return pool.query('SELECT 1 FROM a OFFSET $1', [skip]);\n";

describe('what only the offset used', () => {
  it.each([
    ['a calculation goes', `  const skip = (n - 1) * size;\n${query}`, '[skip]', '[1]', "  return pool.query('SELECT 1 FROM a OFFSET $1', [1]);"],
    ['a key of its name is no use', `  const skip = Math.max(0, n) * size;\n${query}`, '[skip]', '[{ skip: 1 }]', "  return pool.query('SELECT 1 FROM a OFFSET $1', [{ skip: 1 }]);"],
    ['a call stays', `  const skip = db.next(n);\n${query}`, '[skip]', '[1]', "  const skip = db.next(n);\n  return pool.query('SELECT 1 FROM a OFFSET $1', [1]);"],
    ['another use keeps it', `  const skip = n * size;\n  log(skip);\n${query}`, '[skip]', '[1]', "  const skip = n * size;\n  log(skip);\n  return pool.query('SELECT 1 FROM a OFFSET $1', [1]);"],
    ['a name among others stays', `  const skip = n, rest = 1;\n${query}`, '[skip]', '[rest]', "  const skip = n, rest = 1;\n  return pool.query('SELECT 1 FROM a OFFSET $1', [rest]);"],
    ['one that is given a value again stays', `  let skip = n;\n  if (n > 3) skip = 3;\n${query}`, '[skip]', '[1]', "  let skip = n;\n  if (n > 3) skip = 3;\n  return pool.query('SELECT 1 FROM a OFFSET $1', [1]);"],
  ])('%s', (_, body, use, replacement, expected) => expect(after(body, use, replacement)).toBe(expected));
});
