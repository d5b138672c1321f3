import type { LogOutputChannel } from 'vscode';

const HIDDEN = '***';
/** A JSON string with its quotes. */
const JSON_STRING = String.raw`"(?:[^"\\]|\\.)*"`;

const PATTERNS: readonly (readonly [RegExp, string])[] = [
  // `scheme://user:password@`: to the last @ before the path, so that a password that was not encoded goes too.
  [/(:\/\/[^\s/?#@:"\\]*):[^\s/?#"\\]*@/g, `$1:${HIDDEN}@`],
  // `service='name' password='…'`: the password comes last, and its quotes are escaped twice over.
  [/(\bservice='(?:[^"\\\n]|\\.)*?' password=)(?:[^"\\\n]|\\.)*/g, `$1${HIDDEN}`],
  [/([?&](?:ssl)?password=)[^\s&#"\\]*/gi, `$1${HIDDEN}`],
  [new RegExp(String.raw`("(?:ssl)?password"\s*:\s*)${JSON_STRING}`, 'gi'), `$1"${HIDDEN}"`],
];

/** A logged message without the passwords of the connections in it. */
export const redactPasswords = (text: string): string => PATTERNS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), text);

/** The channel for the client library's trace, which writes the parameters of each request: passwords are taken out of it. */
export function withoutPasswords(output: LogOutputChannel): LogOutputChannel {
  return {
    get name() { return output.name; },
    get logLevel() { return output.logLevel; },
    get onDidChangeLogLevel() { return output.onDidChangeLogLevel; },
    trace: (message, ...values: unknown[]) => output.trace(redactPasswords(message), ...values),
    debug: (message, ...values: unknown[]) => output.debug(redactPasswords(message), ...values),
    info: (message, ...values: unknown[]) => output.info(redactPasswords(message), ...values),
    warn: (message, ...values: unknown[]) => output.warn(redactPasswords(message), ...values),
    error: (message, ...values: unknown[]) => output.error(typeof message === 'string' ? redactPasswords(message) : message, ...values),
    append: (value) => output.append(redactPasswords(value)),
    appendLine: (value) => output.appendLine(redactPasswords(value)),
    replace: (value) => output.replace(redactPasswords(value)),
    clear: () => output.clear(),
    show: (first?: unknown, preserveFocus?: boolean) => output.show(typeof first === 'boolean' ? first : preserveFocus),
    hide: () => output.hide(),
    dispose: () => output.dispose(),
  };
}
