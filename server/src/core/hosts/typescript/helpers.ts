import type { SyntaxNode } from '../syntax';
import { isFunction, unwrap } from './syntaxTools';

/** A value that a function returns, with the tests that must hold (or, negated, must not) on the way there. */
export interface ReturnedValue {
  /** Undefined: `return;` or the end of the body. */
  readonly value: SyntaxNode | undefined;
  readonly conditions: readonly { readonly node: SyntaxNode; readonly negated: boolean }[];
}

const known = new WeakMap<SyntaxNode, readonly ReturnedValue[] | undefined>();

/**
 * Every value that a function can return: its expression, its only `return`, or guards (`if (…) return …`) in front of one.
 * @returns undefined where returns stand deeper (loops, `switch`, `try`), or where it yields.
 */
export function returnsOf(fn: SyntaxNode): readonly ReturnedValue[] | undefined {
  if (!known.has(fn)) known.set(fn, readReturns(fn));
  return known.get(fn);
}

function readReturns(fn: SyntaxNode): readonly ReturnedValue[] | undefined {
  const body = fn.childForFieldName('body');
  if (!body || fn.type.startsWith('generator')) return undefined;
  if (body.type !== 'statement_block') return [{ value: unwrap(body), conditions: [] }];
  const found: ReturnedValue[] = [];
  let conditions: ReturnedValue['conditions'] = [];
  for (const statement of body.namedChildren) {
    if (statement.type === 'return_statement') return [...found, { value: statement.namedChildren.find((child) => child.type !== 'comment'), conditions }];
    if (!holdsReturn(statement)) continue;
    const test = statement.type === 'if_statement' ? statement.childForFieldName('condition') : null;
    const branch = statement.childForFieldName('consequence');
    const other = statement.childForFieldName('alternative')?.namedChildren.find((child) => child.type !== 'comment');
    const then = branch && onlyReturn(branch);
    if (!test || !then) return undefined;
    found.push({ value: then.value, conditions: [...conditions, { node: unwrap(test), negated: false }] });
    conditions = [...conditions, { node: unwrap(test), negated: true }];
    if (!other) continue;
    const otherwise = onlyReturn(other);
    if (otherwise) return [...found, { value: otherwise.value, conditions }];
    if (holdsReturn(other)) return undefined;
  }
  return found.length === 0 ? undefined : [...found, { value: undefined, conditions }];
}

/** The branch is `return x`, at most behind other statements of its block. */
function onlyReturn(branch: SyntaxNode): { readonly value: SyntaxNode | undefined } | undefined {
  const statements = branch.type === 'statement_block' ? branch.namedChildren.filter((child) => child.type !== 'comment') : [branch];
  const last = statements.at(-1);
  if (last?.type !== 'return_statement' || statements.slice(0, -1).some(holdsReturn)) return undefined;
  return { value: last.namedChildren.find((child) => child.type !== 'comment') };
}

function holdsReturn(node: SyntaxNode): boolean {
  if (node.type === 'return_statement') return true;
  return !isFunction(node) && !/^(class|class_declaration)$/.test(node.type) && node.namedChildren.some(holdsReturn);
}
