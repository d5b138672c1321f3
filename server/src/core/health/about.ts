import type { Catalog } from '../catalog/model';
import { tokenize } from '../sql/lexer';
import { nameOf } from '../sql/names';
import type { HealthFinding, HealthValue } from './model';

/** `schema.name` of the table that a finding is about: named itself, or as the table of an index; undefined where it is about none that is known. */
export function tableOfFinding(finding: Pick<HealthFinding, 'subject' | 'evidence'>, catalog: Catalog): string | undefined {
  for (const text of [finding.subject, finding.evidence['table'], finding.evidence['column']]) {
    const name = leadingName(text);
    if (!name) continue;
    const key = name.join('.');
    if (catalog.tables.has(key)) return key;
    const [schema, index] = name;
    for (const [table, { schema: own, indexes }] of catalog.tables) if (own === schema && indexes.some(({ name: known }) => known === index)) return table;
  }
  return undefined;
}

/** The qualified name with which a text begins, without its quotes. */
function leadingName(text: HealthValue | undefined): readonly [schema: string, name: string] | undefined {
  if (typeof text !== 'string') return undefined;
  const [schema, dot, name] = tokenize(text);
  const isName = (token: typeof schema): boolean => token?.kind === 'word' || token?.kind === 'quoted';
  return schema && name && isName(schema) && dot?.word === '.' && isName(name) && dot.start === schema.end && name.start === dot.end ? [nameOf(text, schema), nameOf(text, name)] : undefined;
}

/** Changes of the schema; what maintains, ends sessions or sets up the server is no migration. */
const CHANGES = /^(?:(?:create|drop)\s+(?:unique\s+)?index|create\s+(?:table|statistics)|alter\s+(?:table|index|sequence))\b/i;
/** What a person has to fill in. */
const GAP = /…|<\w+>/;

/** The statements of a finding as a migration with its undo; undefined where they belong into none. */
export function migrationOfFinding(finding: Pick<HealthFinding, 'subject' | 'id' | 'statement' | 'evidence'>): { readonly name: string; readonly statements: readonly string[]; readonly down?: readonly string[] } | undefined {
  const statements = finding.statement === undefined ? [] : splitStatements(finding.statement);
  if (statements.length === 0 || statements.some((statement) => !CHANGES.test(statement) || GAP.test(statement))) return undefined;
  const { definition } = finding.evidence;
  const drops = statements.every((statement) => /^drop\s+index\b/i.test(statement));
  const creates = statements.every((statement) => /^create\s/i.test(statement));
  const concurrently = /\bconcurrently\b/i.test(statements[0] ?? '');
  return {
    name: `${drops ? 'drop_' : creates ? '' : `${finding.id}_`}${finding.subject.replace(/^public\./, '')}`, statements,
    // A new index is undone by the renderer; of other changes only a dropped index is known well enough.
    ...(creates ? {} : { down: drops && typeof definition === 'string' && statements.length === 1 ? [`${concurrently ? definition.replace(/^(create\s+(?:unique\s+)?index)\s+(?!concurrently\b)/i, '$1 CONCURRENTLY ') : definition};`] : [] }),
  };
}

/** Without comments and semicolons. */
function splitStatements(text: string): readonly string[] {
  const statements: string[] = [];
  let start: number | undefined;
  let end = 0;
  for (const token of tokenize(text)) {
    if (token.word === ';' && token.kind === 'punct') {
      if (start !== undefined) statements.push(text.slice(start, end));
      start = undefined;
    } else {
      start ??= token.start;
      ({ end } = token);
    }
  }
  return start === undefined ? statements : [...statements, text.slice(start, end)];
}
