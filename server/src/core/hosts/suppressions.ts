import type { HostSpan } from '../text/span';
import type { SuppressionComment } from './ir';

/** A comment as a host finds it, with its marks. */
export interface HostComment {
  readonly text: string;
  readonly span: HostSpan;
}

const form = /^(?:\/\/+|\/\*+|--|#+|\*)?\s*(?:\*\s*)?sargable-disable(-next-line|-line|-file)?(?=$|[\s:*])([^]*)$/;

/**
 * The `sargable-disable…` comments among a file's comments, in their order, whatever the language's comment marks are:
 * `sargable-disable-next-line rule-a, rule-b: reason`, `…-line`, and for the file `sargable-disable` or `…-file`.
 */
export function readSuppressions(comments: readonly HostComment[]): SuppressionComment[] {
  return comments.flatMap(({ text, span }): SuppressionComment[] => {
    const match = form.exec(text.trim());
    if (!match) return [];
    const rest = (match[2] ?? '').replace(/\*\/\s*$/, '').trim();
    const border = /:|\s--\s/.exec(rest);
    const names = border ? rest.slice(0, border.index) : rest;
    const reason = border ? rest.slice(border.index + border[0].length).trim() : '';
    const scope = match[1] === '-next-line' ? 'next-line' : match[1] === '-line' ? 'line' : 'file';
    const rules = names.split(/[\s,]+/).filter((name) => name !== '');
    return [{ span, scope, rules, ...(reason === '' ? {} : { reason }) }];
  });
}
