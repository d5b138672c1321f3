import { closeSync, constants, fstatSync, openSync, readFileSync, type Stats } from 'node:fs';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { isAscii } from 'node:buffer';

/** Larger files are reported and skipped: nobody writes them by hand. Bytes. */
export const MAX_FILE_BYTES = 5 * 1024 * 1024;

/** JavaScript of this size is a bundle; minified code takes minutes to read. Bytes. */
const MAX_JAVASCRIPT_BYTES = 1024 * 1024;

/** Nobody writes lines of this length by hand. UTF-16 units. */
const LONG_LINE = 1000;
/** Below this size a minified script costs nothing worth mentioning. UTF-16 units. */
const SMALL_SCRIPT = 16 * 1024;

const maxBytesOf = (path: string): number => (/\.[cm]?jsx?$/i.test(path) ? MAX_JAVASCRIPT_BYTES : MAX_FILE_BYTES);

export interface TextFile {
  readonly text: string;
  /** The file began with a UTF-8 byte order mark; it is not part of `text` and is written back. */
  readonly bom: boolean;
  /** Changes whenever the file does (modification time and size). */
  readonly stamp: string;
}

export type ReadResult = TextFile | { readonly skipped: string };

/**
 * Reads a UTF-8 text file. Never throws: a file that cannot be read, is too large, is not UTF-8 or holds NUL bytes
 * gives a reason that says so.
 */
export async function readTextFile(path: string, maxBytes = maxBytesOf(path)): Promise<ReadResult> {
  try {
    const info = await stat(path);
    const unread = reasonAgainst(info, maxBytes);
    if (unread !== undefined) return { skipped: unread };
    return understood(path, decode(await readFile(path)), info);
  } catch (error) {
    return { skipped: `cannot be read: ${reasonOf(error)}` };
  }
}

/** JavaScript, large enough to matter, most of whose text stands in lines that no person writes. Migrations in TypeScript may have such lines: SQL that a tool wrote. */
function isMinified(path: string, text: string): boolean {
  if (text.length < SMALL_SCRIPT || !/\.[cm]?jsx?$/i.test(path)) return false;
  let long = 0;
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\n', start);
    const length = (end < 0 ? text.length : end) - start;
    if (length > LONG_LINE) long += length;
    start += length + 1;
  }
  return long > text.length / 2;
}

/** As `readTextFile`, at once: a fifth of the time that waiting for each of its steps takes, where thousands of files are read and nobody waits for an answer. */
export function readTextFileNow(path: string, maxBytes = maxBytesOf(path)): ReadResult {
  let file: number | undefined;
  try {
    // A pipe that nobody writes to would be waited for.
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const info = fstatSync(file);
    const unread = reasonAgainst(info, maxBytes);
    if (unread !== undefined) return { skipped: unread };
    return understood(path, decode(readFileSync(file)), info);
  } catch (error) {
    return { skipped: `cannot be read: ${reasonOf(error)}` };
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function understood(path: string, decoded: Omit<TextFile, 'stamp'> | { readonly skipped: string }, info: Stats): ReadResult {
  if ('skipped' in decoded) return decoded;
  if (isMinified(path, decoded.text)) return { skipped: MINIFIED };
  return { ...decoded, stamp: `${info.mtimeMs}:${info.size}` };
}

const MINIFIED = `minified: most of it stands in lines longer than ${LONG_LINE} characters`;

/** Why the text of an open document is not read, as that of a file on disk would not be. @param path or URI */
export function reasonAgainstText(path: string, text: string): string | undefined {
  return tooLarge(text.length, maxBytesOf(path)) ?? (isMinified(path, text) ? MINIFIED : undefined);
}

const reasonAgainst = (info: Stats, maxBytes: number): string | undefined => (info.isFile() ? tooLarge(info.size, maxBytes) : 'not a file');

const tooLarge = (size: number, maxBytes: number): string | undefined => (size > maxBytes ? `larger than ${mebibytes(maxBytes)} (${mebibytes(size)}); split it or exclude it` : undefined);

/** Writes text back with the byte order mark it had. */
export async function writeTextFile(path: string, file: Omit<TextFile, 'stamp'>): Promise<void> {
  await writeFile(path, (file.bom ? '\uFEFF' : '') + file.text, 'utf8');
}

function decode(bytes: Buffer): Omit<TextFile, 'stamp'> | { readonly skipped: string } {
  const bom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) return { skipped: 'encoded as UTF-16; save it as UTF-8' };
  const text = decodeUtf8(bytes);
  if (text === undefined) return { skipped: 'not valid UTF-8; save it as UTF-8' };
  if (text.includes('\0')) return { skipped: 'a binary file (it holds NUL bytes)' };
  return { text, bom };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decodeUtf8(bytes: Buffer): string | undefined {
  try {
    // Most source is ASCII, and such a text takes half the memory.
    return isAscii(bytes) ? bytes.toString('latin1') : utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

const mebibytes = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(bytes < 10 * 1024 * 1024 ? 1 : 0)} MiB`;

/** A short reason for a failed file operation, without stack or personal paths. */
export function reasonOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === 'ENOENT') return 'it does not exist';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'EISDIR') return 'it is a folder';
  return error instanceof Error ? error.message : String(error);
}

/** The text of a small file at once, for the positions of related places; undefined when it cannot be read as text. */
export function readTextNow(path: string | undefined): string | undefined {
  try {
    const source = path === undefined ? undefined : decode(readFileSync(path));
    return source && 'text' in source ? source.text : undefined;
  } catch {
    return undefined;
  }
}
