import { placeholderStyle } from '../libraries/shared/sqlText';
import type { StatementRule } from '../lint/rule';

/** SQL that Postgres' own grammar rejects. */
export const syntaxError: StatementRule = {
  id: 'syntax-error',
  scope: 'statement',
  category: 'query',
  severity: 'error',
  needs: 'text',
  summary: 'Postgres rejects this statement',
  roles: ['application', 'script', 'migration'],
  docs: {
    why: 'The statement is read by the grammar of PostgreSQL itself. What it rejects fails at run time, whatever the data.',
    bad: [{ language: 'sql', code: 'SELECT id FROM orders WHERE created_at > ORDER BY id;' }],
    good: [{ language: 'sql', code: 'SELECT id FROM orders WHERE created_at > now() ORDER BY id;' }],
    whenNot: 'SQL of another database in a file that Sargable reads as Postgres: exclude such files.',
  },
  options: {},
  check({ file, site, model, report }) {
    const { error } = model;
    if (!error || !site.source || !site.complete) return;
    // Text with holes of unknown content may be valid once they are filled; only whole texts are judged.
    if (site.library !== 'sql' && (site.confidence !== 'proved' || site.executes === 'no')) return;
    // A file of one statement that begins with anything but a word or a parenthesis holds no SQL: the target of a link, a list of paths.
    if (site.library === 'sql' && file.sites.length === 1 && error.span.start <= site.source.text.search(/\S/) && !/^[\s(]*(?:[A-Za-z_"]|<{7}|={7}|>{7})/.test(site.source.text)) return;
    if (site.chain.length > 0 || site.conditional.length > 0 || site.source.interpolations.some((i) => i.kind !== 'value')) return;
    if (site.library === 'sql' && (isTemplate(site.source.text) || placeholderStyle(site.source.text) === 'question')) return;
    report({ at: { sql: error.span }, message: `Postgres rejects this statement: ${error.message}.`, confidence: 'text', evidence: { error: error.message } });
  },
};

/** Jinja, mustache, ERB and shell templates in SQL files, and psql variables that stand for whole clauses. */
const isTemplate = (text: string): boolean => /\{\{|\{%|<%|\$\{|\{[A-Za-z_][\w.]*\}|%[A-Z_]+%|__[A-Z_]+__|@[A-Za-z_]+@|(^|[^:]):[A-Za-z_]\w*\b(?!\s*\()/.test(text.replace(/'(?:[^']|'')*'/g, "''"));
