import { uniqueKeys } from '../catalog/lookup';
import type { Table } from '../catalog/model';
import type { MigrationContext } from '../lint/rule';
import { nameOfKey } from '../migrations/weigh';

/** The last word of a table that says what others are, or how the program is set: `case_severity`, `email_templates`. */
const KIND = /(?:^|_)(?:types?|status(?:es)?|kinds?|severit(?:y|ies)|priorit(?:y|ies)|formats?|templates?|providers?|settings?|config(?:s|uration)?|languages?|locales?|currenc(?:y|ies)|countr(?:y|ies)|units?_of_measure)$/;

/** Tables of kinds and settings, by their name or because the migration that makes them fills them with constants: few rows, hardly ever deleted. A known size outweighs that. */
export function isKindTable(context: MigrationContext, table: Table): boolean {
  return KIND.test(table.name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()) || isSeeded(context, table);
}

/** Rows that have a name of their own, among all or among those of one parent: roles, languages, categories of a project. */
export const isNamedTable = (table: Table): boolean => uniqueKeys(table).some(({ columns }) => columns.length <= 2 && columns.some((column) => /^(?:name|code)$/.test(column)));

const CONSTANTS = /^\s*insert\s+into\s+([\w."]+)\s*(?:\([^)]*\)\s*)?values\b/i;

/** `INSERT INTO language (code, name) VALUES ('de', …), …`: more than one row. */
function isSeeded({ file }: MigrationContext, table: Table): boolean {
  const key = nameOfKey(`${table.schema}.${table.name}`);
  return file.sites.some(({ source }) => {
    const text = source?.text ?? '';
    const match = CONSTANTS.exec(text);
    const into = match?.[1]?.replaceAll('"', '');
    return match !== null && (into === key || into === `public.${key}`) && !/\bselect\b|\$\d/i.test(text) && /\)\s*,\s*\(/.test(text.slice(match[0].length));
  });
}
