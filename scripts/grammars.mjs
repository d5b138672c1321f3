// Writes the injection grammars in syntaxes/ that colour SQL inside strings of TypeScript, JavaScript, Python, Go, Java, C#, Rust
// and Ruby. PHP's own grammar in VS Code colours SQL in its strings, Ruby's in `<<~SQL`.
//   node scripts/grammars.mjs [--check]
// TextMate has no variables: what several rules share is put together here.
import fs from 'node:fs';
import path from 'node:path';

const folder = path.resolve(import.meta.dirname, '../syntaxes');
const sql = 'meta.embedded.inline.sql';

// Prose begins with "Select a file", too: a statement is in one case throughout and goes on like one.
const bothCases = (pattern) => `(?:${pattern.replaceAll('~', '\\s+')}|${pattern.replace(/(?<!\\)[A-Z]+/g, (word) => word.toLowerCase()).replaceAll('~', '\\s+')})`;
const name = '[\\w."$}{]+';
const statementStart = [
  'SELECT(?=\\s*$)', `SELECT~(?:DISTINCT\\b|ALL\\b|\\*|\\(|\\$|'|\\d|${name}\\s*(?:,|\\(|::|FROM\\b|AS\\b|$))`,
  `SELECT~${name}~${name}\\s*(?:,|FROM\\b|$)`,
  'INSERT~INTO\\b', 'DELETE~FROM\\b', 'MERGE~INTO\\b', 'TRUNCATE~TABLE\\b', 'VALUES\\s*\\(', 'EXPLAIN~(?:SELECT|ANALYZE|\\()', 'LOCK~TABLE\\b', 'REFRESH~MATERIALIZED\\b',
  `UPDATE~(?:ONLY~)?${name}(?:~(?:AS~)?\\w+)?(?:~SET\\b|\\s*$)`,
  'WITH~(?:RECURSIVE~)?[\\w"]+\\s*(?:\\([^)]*\\)\\s*)?(?:AS\\b|$)',
  '--[ \\t]*SQL\\b', '(?:CREATE|ALTER|DROP)~(?:OR~REPLACE~)?(?:UNIQUE~)?(?:MATERIALIZED~)?(?:TABLE|INDEX|VIEW|FUNCTION|TRIGGER|TYPE|SCHEMA|EXTENSION|POLICY|SEQUENCE)\\b',
].map(bothCases).join('|');
/** Later pieces of a concatenated statement; in capitals only. */
const clauseStart = '(?:FROM|WHERE|(?:(?:LEFT|RIGHT|FULL|INNER|CROSS) )?(?:OUTER )?JOIN|ORDER BY|GROUP BY|HAVING|LIMIT|OFFSET|RETURNING|ON CONFLICT|UNION(?: ALL)?|FOR UPDATE)\\b';
const statementAhead = `(?=\\s*(?:${statementStart}))`;
const pieceAhead = `(?=\\s*(?:${statementStart}|${clauseStart}))`;

const captures = (...names) => Object.fromEntries(names.map((value, index) => [String(index + 1), value ? { name: value } : {}]));
const include = (...names) => names.map((value) => ({ include: value }));
const tokens = 'source.sargable.sql-tokens';

/** SQL tokens that end at the latest with the line, and never run over the end of the host's string. */
const sqlTokens = {
  scopeName: tokens,
  patterns: [
    { name: 'comment.block.sql', match: '/\\*[^`"\']*?\\*/' },
    { name: 'string.quoted.single.sql', match: '[eE]?\'[^\'"`$\\\\{\\n]*\'' },
    { name: 'string.quoted.dollar.sql', match: '\\$([A-Za-z_]\\w*)?\\$[^`\\n]*?\\$\\1\\$' },
    { name: 'variable.other.quoted.sql', match: '"(?!")[^"`\\n\\\\]+"' },
    { name: 'keyword.operator.sql', match: '(?<=[\\w)"]\\s)\\?(?=\\s*\')' },
    { name: 'constant.other.placeholder.sql', match: '\\$\\d+\\b|%\\([A-Za-z_]\\w*\\)s|%s\\b|(?<![:\\w]):[A-Za-z_]\\w*\\b|(?<=[\\s(,=])\\?(?=[\\s),;`"\']|$)' },
    { name: 'keyword.operator.cast.sql', match: '::(?=\\w)' },
    { name: 'constant.numeric.sql', match: '(?<![\\w$])\\d+(?:\\.\\d+)?\\b' },
    { name: 'constant.language.sql', match: '\\b(?i:null|true|false|default|current_(?:date|time|timestamp|user)|localtimestamp)\\b' },
    { name: 'storage.type.sql', match: '\\b(?i:bigint|int[248]?|integer|smallint|numeric|decimal|real|float[48]?|double\\s+precision|bool(?:ean)?|text|varchar|char|character\\s+varying|bytea|uuid|jsonb?|timestamptz|timestamp|date|time|interval|inet|tsvector|tsquery|(?:big)?serial|with(?:out)?\\s+time\\s+zone)\\b(?!\\s*[.=])' },
    { name: 'support.function.sql', match: '\\b(?i:count|sum|avg|min|max|array_agg|string_agg|jsonb?_(?:agg|build_object|build_array|object_agg)|row_number|rank|dense_rank|lag|lead|coalesce|nullif|greatest|least|now|date_trunc|date_part|extract|lower|upper|length|trim|substring|replace|concat|round|abs|random|unnest|generate_series|to_tsvector|to_tsquery|plainto_tsquery|to_char|cast)(?=\\s*\\()' },
    { name: 'keyword.other.sql', match: '\\b(?i:select|from|where|and|or|not|in|is|as|on|using|join|left|right|full|inner|outer|cross|natural|lateral|group|order|by|having|limit|offset|fetch|first|next|rows?|only|insert|into|values|update|set|delete|merge|matched|returning|conflict|do|nothing|with|recursive|materialized|union|all|any|some|except|intersect|distinct|case|when|then|else|end|exists|between|i?like|similar|asc|desc|nulls|last|over|partition|window|filter|within|for|share|of|nowait|skip|locked|tablesample|create|alter|drop|add|column|table|index|unique|concurrently|view|function|trigger|type|schema|extension|policy|sequence|if|primary|key|foreign|references|constraint|check|cascade|restrict|begin|commit|rollback|savepoint|truncate|explain|analyze|lock|refresh|array|row|interval|at\\s+time\\s+zone|collate|current)\\b(?!\\s*\\.)' },
    { name: 'keyword.operator.sql', match: '<->|<#>|<=>|@>|<@|@\\?|@@|#>>|#>|#-|->>|->|\\?[|&]|\\|\\||&&|!?~~?\\*?|[!<>=]=|<>|[<>=+*/^%-]' },
  ],
};

// ------------------------------------------------------------- TypeScript, JavaScript

const template = (begin, beginCaptures) => ({
  begin, beginCaptures, end: '`', endCaptures: { 0: { name: 'punctuation.definition.string.template.end.ts string.template.ts' } },
  contentName: sql, patterns: include('#substitution', '#escape', '#lineComment', tokens),
});
const backtick = 'punctuation.definition.string.template.begin.ts string.template.ts';
const tag = '(?:[\\w$]+\\.)*(?:sql|SQL|pgsql)(?:\\.\\w+)?(?:\\([^()`]*\\))?|(?:[\\w$]+\\.)+\\$(?:queryRaw|executeRaw)';
const quoted = (quote, language, pieces, extra = {}) => ({
  begin: `(${quote})${pieces}`, beginCaptures: captures(`punctuation.definition.string.begin.${language} string.quoted.${language}`),
  end: `(${quote})|(?<!\\\\)$`, endCaptures: captures(`punctuation.definition.string.end.${language} string.quoted.${language}`),
  contentName: sql, patterns: include('#escape', tokens), ...extra,
});

const typescript = {
  scopeName: 'source.sargable.sql-in-typescript',
  injectionSelector: ['ts', 'tsx', 'js', 'js.jsx'].map((language) => `L:source.${language} -comment -(string -meta.template.expression) -(${sql} -meta.template.expression)`).join(', '),
  patterns: [
    template(`(?<![\\w$.])(${tag})(\\s*<[^\`;(){}]*>)?(\`)`, captures('entity.name.function.tagged-template.ts', 'meta.type.parameters.ts', backtick)),
    template('(/\\*\\s*(?i:sql)\\s*\\*/)\\s*(`)', captures('comment.block.ts', backtick)),
    template(`(?<![\\w$)\\]>])(\`)${statementAhead}`, captures(backtick)),
    {
      // The statement begins on a later line, which a regular expression can't see from here.
      name: 'string.template.ts', begin: '(?<![\\w$)\\]>])`(?=\\s*$)', beginCaptures: { 0: { name: 'punctuation.definition.string.template.begin.ts' } },
      end: '`', endCaptures: { 0: { name: 'punctuation.definition.string.template.end.ts' } },
      patterns: [{ begin: `^\\s*${statementAhead}`, end: '(?=`)', contentName: sql, patterns: include('#substitution', '#escape', '#lineComment', tokens) }, ...include('#substitution', '#escape')],
    },
    quoted('"', 'ts', pieceAhead), quoted("'", 'ts', pieceAhead),
  ],
  repository: {
    substitution: {
      name: 'meta.template.expression.ts', begin: '\\$\\{', end: '\\}', contentName: 'meta.embedded.line.ts',
      beginCaptures: { 0: { name: 'punctuation.definition.template-expression.begin.ts' } }, endCaptures: { 0: { name: 'punctuation.definition.template-expression.end.ts' } },
      patterns: include('#braces', 'source.ts#expression'),
    },
    braces: { begin: '\\{', end: '\\}', patterns: include('#braces', 'source.ts#expression') },
    escape: { name: 'constant.character.escape.ts', match: '\\\\.' },
    lineComment: { name: 'comment.line.double-dash.sql', match: '--[^`\\n]*' },
  },
};

// ------------------------------------------------------------- Python

const prefix = '(?<![\\w"\'])([rRuU]?)';
const formatPrefix = '(?<![\\w"\'])([rR]?[fF][rR]?)';
const content = (formatted) => include('#escape', ...(formatted ? ['#doubledBrace', '#substitution'] : []), tokens);

function pythonStrings(before, formatted) {
  const begin = captures('storage.type.string.python', 'punctuation.definition.string.begin.python string.quoted.python');
  const end = (quotes) => ({ end: quotes, endCaptures: { 0: { name: 'punctuation.definition.string.end.python string.quoted.python' } } });
  return ['"""', "'''"].flatMap((quotes) => [
    { begin: `${before}(${quotes})${statementAhead}`, beginCaptures: begin, ...end(quotes), contentName: sql, patterns: [...include('#lineComment'), ...content(formatted)] },
    {
      // Only where a value stands: a docstring keeps the colours of its own grammar.
      name: 'string.quoted.multi.python', begin: `(?<=[=(,\\[:]|[=(,\\[:] |return )${before.replace('(?<![\\w"\'])', '')}(${quotes})(?=\\s*\\\\?$)`, beginCaptures: begin, ...end(quotes),
      patterns: [{ begin: `^\\s*${statementAhead}`, end: `(?=${quotes})`, contentName: sql, patterns: [...include('#lineComment'), ...content(formatted)] }, ...content(formatted).slice(0, -1)],
    },
  ]).concat(['"', "'"].map((quote) => ({
    begin: `${before}(${quote})(?!${quote}${quote})${pieceAhead}`, beginCaptures: begin,
    end: `(${quote})|(?<!\\\\)$`, endCaptures: captures('punctuation.definition.string.end.python string.quoted.python'), contentName: sql, patterns: content(formatted),
  })));
}

const python = {
  scopeName: 'source.sargable.sql-in-python',
  injectionSelector: `L:source.python -comment -string -(${sql} -meta.fstring.python)`,
  patterns: [...pythonStrings(formatPrefix, true), ...pythonStrings(prefix, false)],
  repository: {
    substitution: {
      name: 'meta.fstring.python', begin: '\\{', end: '\\}', contentName: 'meta.embedded.line.python',
      beginCaptures: { 0: { name: 'constant.character.format.placeholder.other.python' } }, endCaptures: { 0: { name: 'constant.character.format.placeholder.other.python' } },
      patterns: include('source.python#expression'),
    },
    doubledBrace: { name: 'constant.character.escape.python', match: '\\{\\{|\\}\\}' },
    escape: { name: 'constant.character.escape.python', match: '\\\\.' },
    lineComment: { name: 'comment.line.double-dash.sql', match: '--(?:(?!"""|\'\'\').)*' },
  },
};

// ------------------------------------------------------------- the other languages

const begins = (language, ...names) => captures(...names.map((value) => value && `${value}.${language}`));
const ends = (end, language) => ({ end, endCaptures: { 0: { name: `punctuation.definition.string.end.${language} string.quoted.${language}` } } });
const lineComment = { name: 'comment.line.double-dash.sql', match: '--(?:(?!"""|`|"#).)*' };
const delimiter = 'punctuation.definition.string.begin';
/** One literal that may go over several lines: the statement begins on its first line, or on the next one. */
function block(language, before, quotes, end, inner, name = 'string.quoted') {
  const beginCaptures = begins(language, 'storage.type.string', `${delimiter}`);
  return [
    { begin: `${before}(${quotes})${statementAhead}`, beginCaptures, ...ends(end, language), contentName: sql, patterns: [...inner, lineComment, ...include(tokens)] },
    {
      name: `${name}.${language}`, begin: `${before}(${quotes})(?=\\s*$)`, beginCaptures, ...ends(end, language),
      patterns: [{ begin: `^\\s*${statementAhead}`, end: `(?=${end})`, contentName: sql, patterns: [...inner, lineComment, ...include(tokens)] }, ...inner],
    },
  ];
}
/** A literal on one line. */
const line = (language, before, quote, inner) => ({
  begin: `${before}(${quote})${pieceAhead}`, beginCaptures: begins(language, 'storage.type.string', delimiter), end: `(${quote})|(?<!\\\\)$`,
  endCaptures: captures(`punctuation.definition.string.end.${language} string.quoted.${language}`), contentName: sql, patterns: [...inner, ...include(tokens)],
});
const escape = (language) => ({ name: `constant.character.escape.${language}`, match: '\\\\.' });
const substitution = (language, open, close, expression) => ({ name: `meta.template.expression.${language}`, begin: open, end: close, contentName: `meta.embedded.line.${language}`, patterns: include(expression) });
const injection = (language, scope, patterns, nested = '') => ({ scopeName: `source.sargable.sql-in-${language}`, injectionSelector: `L:${scope} -comment -string -(${sql}${nested})`, patterns });
/** What no word and no other quotation stands before. */
const free = '(?<![\\w"\'`])';
const atName = { name: 'constant.other.placeholder.sql', match: '(?<![@\\w])@[A-Za-z_]\\w*' };

const go = injection('go', 'source.go', [...block('go', `${free}()`, '`', '`', []), line('go', `${free}()`, '"', [escape('go')])]);
const java = injection('java', 'source.java', [...block('java', `${free}()`, '"""', '"""', [escape('java')]), line('java', `${free}()`, '"(?!"")', [escape('java')])]);
const rust = injection('rust', 'source.rust', [
  // The end has as many number signs as the beginning.
  ...['', '#', '##'].flatMap((signs) => block('rust', '(?<![\\w"])(b?r)', `${signs}"`, `"${signs}`, [])),
  ...block('rust', '(?<![\\w"#])(b?)', '"', '"', [escape('rust')]),
]);
const hole = substitution('cs', '\\{(?!\\{)', '\\}', 'source.cs#expression');
const csharp = injection('csharp', 'source.cs', [
  ...block('cs', `(?<![\\w"])(\\$+)`, '"""+', '"""+', [atName, hole]), ...block('cs', '(?<![\\w"$@])()', '"""+', '"""+', [atName]),
  ...block('cs', `(?<![\\w"])(\\$@|@\\$)`, '"', '"(?!")', [atName, { name: 'constant.character.escape.cs', match: '""|\\{\\{|\\}\\}' }, hole]), ...block('cs', '(?<![\\w"$])(@)', '"', '"(?!")', [atName, { name: 'constant.character.escape.cs', match: '""' }]),
  line('cs', '(?<![\\w"@])(\\$)', '"(?!"")', [escape('cs'), atName, { name: 'constant.character.escape.cs', match: '\\{\\{|\\}\\}' }, hole]), line('cs', '(?<![\\w"$@])()', '"(?!"")', [escape('cs'), atName]),
], ' -meta.template.expression');
const rubyHole = substitution('ruby', '#\\{', '\\}', 'source.ruby');
const ruby = injection('ruby', 'source.ruby', [
  line('ruby', '(?<![\\w"\'`?])()', '"', [escape('ruby'), rubyHole]), line('ruby', '(?<![\\w"\'`?])()', "'", [escape('ruby')]),
], ' -meta.template.expression');

let stale = false;
for (const [file, grammar] of Object.entries({ sqlTokens, sqlInTypeScript: typescript, sqlInPython: python, sqlInGo: go, sqlInJava: java, sqlInRust: rust, sqlInCSharp: csharp, sqlInRuby: ruby })) {
  const target = path.join(folder, `${file}.tmLanguage.json`);
  const text = `${JSON.stringify({ $comment: 'Generated by scripts/grammars.mjs', ...grammar }, undefined, 2)}\n`;
  if (fs.existsSync(target) && fs.readFileSync(target, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`${path.relative(process.cwd(), target)} is stale: run node scripts/grammars.mjs`);
    stale = true;
  } else {
    fs.writeFileSync(target, text);
  }
}
process.exitCode = stale ? 1 : 0;
