import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { HostFile } from '../core/hosts/ir';

export type DocumentLanguage = HostFile['language'];

const LANGUAGES: Readonly<Record<string, DocumentLanguage>> = {
  '.sql': 'sql', '.pgsql': 'sql',
  '.ts': 'typescript', '.mts': 'typescript', '.cts': 'typescript', '.tsx': 'tsx',
  '.js': 'javascript', '.mjs': 'javascript', '.cjs': 'javascript', '.jsx': 'javascript',
  '.py': 'python', '.pyi': 'python', '.prisma': 'prisma',
  '.go': 'go', '.java': 'java', '.rb': 'ruby', '.rake': 'ruby', '.php': 'php', '.cs': 'csharp', '.rs': 'rust',
};

/** Endings of templates, and those that are templates only below a folder of templates: most HTML of a workspace is none. */
const TEMPLATE = /\.(djhtml|jinja2?|j2|(?:html|text|turbo_stream|xml|js)\.erb|blade\.php)$/i;
const TEMPLATE_BY_FOLDER = /(?:^|[/\\])(?:templates?|jinja2?)[/\\].*\.(?:html?|txt|xml)$|(?:^|[/\\])views[/\\].*\.html$/i;

/** File name suffixes that are read, for globs and file watchers. */
export const READ_EXTENSIONS: readonly string[] = Object.keys(LANGUAGES).filter((e) => e !== '.pyi').map((e) => e.slice(1)).concat('html', 'htm', 'txt', 'xml', 'djhtml', 'jinja', 'jinja2', 'j2', 'erb');

/** What is read, in words for messages. */
export const READ_ENDINGS = '.sql, .ts, .tsx, .js, .jsx, .py, .prisma, .go, .java, .rb, .php, .cs, .rs, templates of Django, Jinja, Rails (ERB) and Laravel (Blade)';

/** The language of a document by its name; undefined: not one that is read. Declaration files hold no code. */
export function languageOf(file: string): DocumentLanguage | undefined {
  if (/\.d\.[mc]?ts$/.test(file) || file.endsWith('.pyi')) return undefined;
  if (/\.blade\.php$/i.test(file)) return 'template';
  return LANGUAGES[path.extname(file).toLowerCase()] ?? (TEMPLATE.test(file) || TEMPLATE_BY_FOLDER.test(file) ? 'template' : undefined);
}

const LANGUAGE_IDS: Readonly<Record<string, DocumentLanguage>> = { sql: 'sql', postgres: 'sql', typescript: 'typescript', typescriptreact: 'tsx', javascript: 'javascript', javascriptreact: 'javascript', python: 'python', prisma: 'prisma', go: 'go', java: 'java', ruby: 'ruby', php: 'php', csharp: 'csharp', rust: 'rust', 'django-html': 'template', 'django-txt': 'template', jinja: 'template', 'jinja-html': 'template', jinja2: 'template' };

/** The language of an open document: by its name, else as the editor says (untitled documents, unusual names). */
export const languageOfDocument = (uri: string, languageId?: string): DocumentLanguage | undefined =>
  languageOf(toPath(uri) ?? uri) ?? (/\.(d\.[mc]?ts|pyi)$/.test(uri) ? undefined : LANGUAGE_IDS[languageId ?? '']);

/** The canonical URI under which a file is known inside; editors may write the same URI with other escapes. */
export const toUri = (file: string): string => pathToFileURL(file).href;

/** Absolute path of a `file:` URI; undefined for other schemes and malformed URIs. */
export function toPath(uri: string): string | undefined {
  if (!uri.startsWith('file:')) return undefined;
  try {
    return fileURLToPath(uri);
  } catch {
    return undefined;
  }
}

/** Canonical form of a URI from outside; URIs that are no files (untitled documents) stay as they are. */
export const canonicalUri = (uri: string): string => {
  const file = toPath(uri);
  return file === undefined ? uri : toUri(file);
};

/** Path relative to a folder, with `/`; a path outside stays absolute. */
export function relativePath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return (relative.startsWith('..') || path.isAbsolute(relative) ? file : relative).split(path.sep).join('/');
}

/** Does the file lie below the folder? */
export const isInside = (folder: string, file: string): boolean => file.startsWith(folder.endsWith(path.sep) ? folder : folder + path.sep);
