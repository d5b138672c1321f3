import { tokenize } from '../sql/lexer';
import { nameOf } from '../sql/names';
import type { NameUse } from './nameUses';

export interface StatementTitle {
  /** `UPDATE orders`, `CREATE INDEX orders_status_idx`. */
  readonly title: string;
  readonly kind: 'table' | 'index' | 'routine' | 'query' | 'other';
}

/** Characters that a title may have of the statement's own text. */
const LONGEST = 60;
const verbs = /^(?:select|insert|update|delete|merge|values|with|table)$/;
const skipped = /^(?:or|replace|temp|temporary|unlogged|global|local|unique|recursive|materialized|foreign|constraint|concurrently|if|not|exists|only)$/;

/** What to call a statement in a list: its verb and what it is about. */
export function statementTitle(text: string, uses: readonly NameUse[]): StatementTitle {
  const tokens = tokenize(text.slice(0, 4_000));
  const words = tokens.slice(0, 12).map(({ word }) => word);
  const [first = ''] = words;
  if (first === 'create' || first === 'alter' || first === 'drop') {
    const at = words.findIndex((word, i) => i > 0 && !skipped.test(word));
    const kind = words[at] ?? '';
    let name = at + 1;
    while (skipped.test(words[name] ?? '')) name++;
    let label = '';
    for (let i = name; tokens[i] && (tokens[i]?.kind === 'word' || tokens[i]?.kind === 'quoted' || tokens[i]?.word === '.'); i++) {
      if (tokens[i]?.word !== '.' && i > name && tokens[i - 1]?.word !== '.') break;
      const token = tokens[i];
      if (token) label += token.word === '.' ? '.' : nameOf(text, token);
    }
    if (/^(?:trigger|policy|rule)$/.test(kind)) label += uses[0] ? ` on ${uses[0].name}` : '';
    return { title: `${first.toUpperCase()} ${kind.toUpperCase()} ${label}`.trim(), kind: kind === 'table' || kind === 'view' ? 'table' : kind === 'index' ? 'index' : /^(?:function|procedure|trigger)$/.test(kind) ? 'routine' : 'other' };
  }
  const verb = first === 'with' ? mainVerb(tokens.map(({ word }) => word)) : first;
  const tables = [...new Set(uses.filter(({ kind }) => kind === 'table').map(({ name }) => name))];
  if (verbs.test(first) && tables.length > 0) return { title: `${verb.toUpperCase()} ${tables.slice(0, 3).join(', ')}${tables.length > 3 ? ', …' : ''}`, kind: 'query' };
  const line = text.slice(0, 400).replaceAll(/\s+/g, ' ').trim();
  return { title: line.length > LONGEST ? `${line.slice(0, LONGEST - 1)}…` : line || '(empty)', kind: verbs.test(first) ? 'query' : first === 'do' ? 'routine' : 'other' };
}

/** The verb behind WITH: the first one outside parentheses. */
function mainVerb(words: readonly string[]): string {
  let depth = 0;
  for (const word of words) {
    if (word === '(') depth++;
    else if (word === ')') depth--;
    else if (depth === 0 && /^(?:select|insert|update|delete|merge|values)$/.test(word)) return word;
  }
  return 'select';
}
