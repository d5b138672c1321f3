/** A text as a pattern that matches it and nothing else; not for use within a character class. */
export const escapeRegExp = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
