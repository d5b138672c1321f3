import { collectTokens } from '../../../core/catalog/expressionTokens';
import type { Tree } from './tree';
import { contentsAt, textAt, treeAt } from './tree';

/** What makes a body more than plain SQL statements. */
const control = new Set(['if', 'loop', 'for', 'foreach', 'while', 'case', 'execute', 'perform', 'declare', 'return', 'raise', 'begin', 'assert', 'get', 'open', 'fetch', 'close', 'move', 'exit', 'continue', 'null']);

/**
 * The SQL of a DO block that always runs it: `BEGIN <statements>; [EXCEPTION WHEN … THEN NULL;] END`, as migration
 * generators write round ADD CONSTRAINT. undefined for a block with conditions, loops, variables or dynamic SQL.
 */
export function staticStatement(block: Tree): string | undefined {
  const options = contentsAt(block, 'args', 'DefElem');
  const language = options.find((option) => textAt(option, 'defname') === 'language');
  if (language !== undefined && textAt(treeAt(treeAt(language, 'arg'), 'String'), 'sval') !== 'plpgsql') return undefined;
  const body = textAt(treeAt(treeAt(options.find((option) => textAt(option, 'defname') === 'as'), 'arg'), 'String'), 'sval') ?? '';
  const tokens = collectTokens(body);
  const word = (index: number): string => tokens[index]?.text.toLowerCase() ?? '';
  if (word(0) !== 'begin') return undefined;
  const last = tokens.findIndex((token, index) => index > 0 && ['exception', 'end'].includes(token.text.toLowerCase()) && [';', 'begin'].includes(word(index - 1)));
  if (last < 2) return undefined;
  const starts = tokens.slice(1, last).flatMap((_, index) => (index === 0 || word(index) === ';' ? [word(index + 1)] : []));
  if (starts.some((start) => control.has(start)) || tokens.slice(1, last).some((token) => token.text === ':=')) return undefined;
  if (!/^exception when [\w ]+ then (?:null ; |raise notice [^;]*; )+end(?: ;)?$/.test(tokens.slice(last).map((token) => token.text.toLowerCase()).join(' ')) && word(last) !== 'end') return undefined;
  return body.slice(tokens[1]!.start, tokens[last]!.start);
}
