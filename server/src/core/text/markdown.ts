/**
 * Markdown of texts that others wrote (names, statements, messages): what they hold stays text. Pull requests and panels show it, so
 * nothing of it may become a picture, an element, a link behind other words or the end of what it stands in.
 */

/** Control characters, and marks that turn the direction of what follows. */
const UNSEEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
const oneLine = (text: string): string => text.replaceAll(/[\r\n\t\u2028\u2029]+/g, ' ').replaceAll(UNSEEN, '');

/**
 * What a forge makes a mention of a person or a reference to an issue or a merge request once the Markdown is rendered: a backslash does
 * not keep it from that, something between does (in code nothing is mentioned). What only looks like one (`a@b`, `$1`, `#main`) stays as it is.
 */
const MENTION = /(?<![\p{L}\p{N}])@(?=[\p{L}\p{N}_])|#(?=\d)|!(?=\d)|\bGH-(?=\d)/giu;
/** A space without width: nothing is seen of it. */
const APART = '&#8203;';

/** Text within a paragraph, a list item or a heading, on one line. */
export const escapeMarkdown = (text: string): string =>
  oneLine(text).replaceAll(/[\\`*~<>[\]|]|!(?=\[)|&(?=#|\w+;)|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&')
    // What would begin a list, a heading or a rule, and addresses that GitHub makes links.
    .replace(/^(\s*)([-+#=])/, '$1\\$2').replace(/^(\s*\d+)([.)])/, '$1\\$2')
    .replaceAll(MENTION, `$&${APART}`)
    .replaceAll(/\b(https?|ftp):\/\//gi, '$1\\://').replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`);

/** Text in a cell of a table. */
export const markdownCell = (text: string): string => escapeMarkdown(text).trim();

/** Code within a line: between more backticks than it holds. */
export function markdownCode(text: string): string {
  const line = oneLine(text);
  if (line.trim() === '') return line === '' ? '' : '` `';
  const marks = '`'.repeat(longestRun(line) + 1);
  const room = line.startsWith('`') || line.endsWith('`') || (line.startsWith(' ') && line.endsWith(' ')) ? ' ' : '';
  return `${marks}${room}${line}${room}${marks}`;
}

/** The same in a cell of a table, where a bar ends the cell in code, too. */
export const markdownCodeCell = (text: string): string => markdownCode(text).replaceAll('|', '\\|');

/** A block of code. @param indent what stands before each line, within a list */
export function markdownFence(text: string, language = '', indent = ''): string {
  const body = text.replaceAll(/\r\n?/g, '\n').replace(/\n+$/, '').replaceAll(UNSEEN, '');
  const marks = '`'.repeat(Math.max(3, longestRun(body) + 1));
  return [`${marks}${language}`, ...body.split('\n'), marks].map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n');
}

/** Length of the longest run of backticks. */
const longestRun = (text: string): number => (text.match(/`+/g) ?? []).reduce((longest, run) => Math.max(longest, run.length), 0);
