import type { HostContext } from '../adapter';

const answers = new WeakMap<HostContext, Map<RegExp, boolean>>();

/**
 * Whether a file's text holds something; searched once per file, however many calls ask.
 * @param pattern a constant without `g` or `y`: it is told by its identity
 */
export function textHolds(context: HostContext, pattern: RegExp): boolean {
  let known = answers.get(context);
  if (!known) answers.set(context, (known = new Map()));
  let answer = known.get(pattern);
  if (answer === undefined) known.set(pattern, (answer = pattern.test(context.text)));
  return answer;
}
