import type { HostFile, QuerySite } from '../hosts/ir';
import type { Edit } from '../text/edit';
import { escapeRegExp } from '../text/regExp';
import { hostSpan } from '../text/span';
import type { KeysetKey } from './keyset';

/**
 * Adds the cursor to the parameters of the function around a query, optional and last, so that the rewritten code
 * compiles and every present caller still does.
 * @returns an empty list where the name is taken, the query stands in no function of its own, or nothing can follow the
 *   last parameter (`...rest`, `**kwargs`): the title then has to say it all.
 */
export function addCursorParameter(file: HostFile, text: string, site: QuerySite, keys: readonly KeysetKey[], rewrite: readonly Edit[], cursor: string): readonly Edit[] {
  const owner = site.functionId === undefined ? undefined : file.functions[site.functionId];
  if (!owner || owner.callback || owner.entry !== undefined) return [];
  if ([...owner.parameters, ...owner.locals].some((known) => known.name === cursor)) return [];
  const from = owner.nameSpan.start >= owner.span.start && owner.nameSpan.end <= owner.body.start && owner.name !== '' ? owner.nameSpan.end : owner.span.start;
  const list = findParameterList(text, from, owner.body.start);
  if (!list) return [];
  const inside = text.slice(list.open + 1, list.close);
  const last = inside.trimEnd();
  if (/(?:^|[,(\s])(?:\.\.\.|\*)/.test(inside) || last.endsWith('/')) return [];
  const separator = last === '' ? '' : last.endsWith(',') ? ' ' : ', ';
  const at = list.open + 1 + last.length;
  return [{ uri: file.uri, span: hostSpan(at, at), text: `${separator}${renderParameter(file.language, site, keys, rewrite, cursor, text)}` }];
}

function renderParameter(language: HostFile['language'], site: QuerySite, keys: readonly KeysetKey[], rewrite: readonly Edit[], cursor: string, text: string): string {
  if (language === 'python') return `${cursor}=None`;
  return language === 'javascript' ? cursor : `${cursor}?: ${cursorType(site, keys, rewrite, cursor, text)}`;
}

/** TypeScript's type of a row as far as the rewritten query reads it: `{ created_at: Date | string; id: string }`. */
export function cursorType(site: QuerySite, keys: readonly KeysetKey[], rewrite: readonly Edit[], cursor: string, text: string): string {
  const read = new RegExp(`\\b${escapeRegExp(cursor)}(?:\\?)?(?:\\.([A-Za-z_$][\\w$]*)|\\.?\\[("[^"]+")\\])`, 'g');
  const properties = [...new Set(rewrite.flatMap((edit) => [...edit.text.matchAll(read)].map((match) => match[1] ?? match[2] ?? '')))];
  const entity = entityType(site, text);
  if (entity !== undefined) return `Pick<${entity}, ${properties.map((name) => quoted(name.replaceAll('"', ''), text)).join(' | ')}>`;
  return `{ ${properties.map((name) => `${name}: ${typeOf(keys.find((k) => k.column === name || camelCase(k.column) === name || JSON.stringify(k.column) === name), site, text)}`).join('; ')} }`;
}

/** In the quotes that the file's imports have. */
const quoted = (name: string, text: string): string => (/^(?:import\b[^'"\n]*|\}\s*from\s*)"/m.test(text) ? `"${name}"` : `'${name}'`);

/** The class of the rows, where the library declares its properties there and the file has it as a type. */
function entityType({ library, model }: QuerySite, text: string): string | undefined {
  if (model === undefined || !/^(typeorm|sequelize|mikro-orm|objection)$/.test(library)) return undefined;
  const name = escapeRegExp(model);
  return new RegExp(`\\b(?:class|interface)\\s+${name}(?![\\w$])|^import\\b[^'"]*(?<![\\w$])${name}(?![\\w$])[^'"]*from`, 'm').test(text) ? model : undefined;
}

const camelCase = (column: string): string => column.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** How drivers give a column to JavaScript: 64-bit integers and numerics as strings (Prisma: as bigint), timestamps as `Date`. */
function typeOf(key: KeysetKey | undefined, site: QuerySite, text: string): string {
  const type = key?.type ?? '';
  const [table, ...others] = site.library === 'drizzle' ? site.entities ?? [] : [];
  // Drizzle decides by the column's mode, which its own type tells.
  if (key && table && others.length === 0) return `(typeof ${table.host}.$inferSelect)[${quoted(table.renamed.find((pair) => pair.column === key.column)?.property ?? key.column, text)}]`;
  const wide = site.library === 'prisma' && type === 'bigint' ? 'bigint' : 'string';
  const plain = /^(smallint|integer|real|double precision)/.test(type) ? 'number' : /^boolean/.test(type) ? 'boolean' : /^(timestamp|date)/.test(type) ? 'Date | string' : wide;
  return key?.nullable ? `${plain} | null` : plain;
}

/** The first parenthesis at depth 0 between two offsets and its partner; strings and type arguments are stepped over. */
function findParameterList(text: string, from: number, to: number): { readonly open: number; readonly close: number } | undefined {
  let open: number | undefined;
  let depth = 0;
  let angle = 0;
  for (let i = from; i < to; i++) {
    const c = text[i];
    if (c === '"' || c === "'" || c === '`') {
      const end = text.indexOf(c, i + 1);
      if (end < 0) return undefined;
      i = end;
    } else if (open === undefined && c === '<') angle++;
    else if (open === undefined && c === '>' && angle > 0) angle--;
    else if (angle > 0) continue;
    else if (c === '(' || c === '[' || c === '{') {
      if (c === '(' && open === undefined) open = i;
      depth++;
    } else if (c === ')' || c === ']' || c === '}') {
      depth--;
      if (open !== undefined && depth === 0 && c === ')') return { open, close: i };
    }
  }
  return undefined;
}
