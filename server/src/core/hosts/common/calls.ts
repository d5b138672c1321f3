import type { CallIr } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Names } from './names';
import type { Source } from './source';
import { spanOf } from './syntaxTools';

/** The calls of a file in the order of `source.calls`; functions that a loop names (`forEach(this::load)`) follow as calls of their own. */
export function readCalls(source: Source, names: Names): CallIr[] {
  const calls = source.calls.map((node, id): CallIr => {
    const form = source.callForm(node);
    const given = form ? [...form.args, ...(form.block ? [{ node: form.block }] : [])] : [];
    const fn = source.functionOf(node);
    const callee = isLeftBehind(node, source) ? ['?'] : ofParameter(qualified(names.calleePath(node), node, source), form?.receiver, names);
    return {
      id,
      span: spanOf(node),
      nameSpan: spanOf(form?.name ?? node),
      callee,
      args: isNamedRun(node, source) ? [{ text: '', span: spanOf(node), names: [ANY_ELEMENT] }] : given.map(({ node: argument, name }: { readonly node: SyntaxNode; readonly name?: string }) => ({
        text: argument.text.length > 400 ? argument.text.slice(0, 400) : argument.text,
        span: spanOf(argument),
        names: names.free(argument),
        name,
        functionId: source.functionId(source.unwrap(argument)),
      })),
      functionId: fn && source.functionId(fn),
      loopIds: source.loopsOf(node),
      awaited: isAwaited(node, callee.at(-1) ?? '', source),
      conditional: isConditional(node, source),
      onError: handlesErrors(node, source) || undefined,
      exitsAfter: exitsAfter(node, source),
      constructs: form?.constructs === true,
      resultName: resultNameOf(node, source),
    };
  });
  return [...calls, ...namedRuns(source, names, calls.length)];
}

/** `go queuer.loop(ctx)` outside of loops: work that goes on when the function is done is not what the function does. */
const isLeftBehind = (node: SyntaxNode, source: Source): boolean => node.parent?.type === 'go_statement' && source.callForm(node)?.literal === undefined && source.loopsOf(node).length === 0;

/** Interfaces and delegates that stand for a function, and the methods that call it. */
const functional = /^(?:[\w.]+\.)?(?:\w*(?:Consumer|Supplier|Predicate|Operator|Function|Callback|Runnable|Callable)|Func|Action)\b(?!\.)/;
const calling = /^(?:accept|apply|applyAs\w+|run|call|get|test|invoke|Invoke|execute|doIn\w+)$/;

/** A function that a name holds is called by the name alone: `$work(…)`, `work.accept(…)`, `work.Invoke(…)`. */
function ofParameter(callee: readonly string[], receiver: SyntaxNode | undefined, names: Names): readonly string[] {
  const [name = '', method = ''] = callee;
  if (callee.length === 1 && name.startsWith('$')) return [name.slice(1)];
  return callee.length === 2 && receiver && calling.test(method) && functional.test(names.typeOf(receiver) ?? '') ? [name] : callee;
}

/** `Charges::CreateService.call`: the class by its full name. */
function qualified(callee: readonly string[], call: SyntaxNode, source: Source): readonly string[] {
  if (!source.spec.constantsNest || callee.length < 2) return callee;
  let root = call;
  for (let form = source.callForm(root); form?.receiver; form = source.callForm(root)) root = source.unwrap(form.receiver);
  return root.type === 'scope_resolution' ? [root.text.replaceAll(/\s/g, ''), ...callee.slice(1)] : callee;
}

/** Stands for the element that a function named alone is given. */
export const ANY_ELEMENT = 'its element';

/** `each(&:save!)`: the call that a loop sends to each element. */
function isNamedRun(node: SyntaxNode, source: Source): boolean {
  const call = source.spec.blocksAreLoops && node.type === 'block_argument' ? node.parent?.parent : undefined;
  return call !== undefined && call !== null && source.elementLoop(call)?.run.id === node.id;
}

function namedRuns(source: Source, names: Names, firstId: number): CallIr[] {
  const named = source.loops.flatMap((loop) => {
    const element = source.loopForm(loop) ? undefined : source.elementLoop(loop);
    return element && !element.closure && !source.callForm(element.run) ? [{ loop, run: element.run }] : [];
  });
  return named.map(({ loop, run }, index): CallIr => {
    const form = source.form(run);
    const fn = source.functionOf(loop);
    return {
      id: firstId + index,
      span: spanOf(run),
      nameSpan: form?.kind === 'reference' ? spanOf(form.name) : spanOf(run),
      callee: names.path(run),
      args: [{ text: '', span: spanOf(run), names: [ANY_ELEMENT] }],
      functionId: fn && source.functionId(fn),
      loopIds: [source.loopId(loop) ?? 0, ...source.loopsOf(loop)],
      awaited: true,
      conditional: isConditional(loop, source),
      exitsAfter: false,
      constructs: false,
    };
  });
}

/** Has the call run when it returns? `…Async` without `await` has not. */
function isAwaited(node: SyntaxNode, name: string, source: Source): boolean {
  for (let current = node; current.parent; current = current.parent) {
    const form = source.form(current.parent);
    if (form?.kind !== 'wrap') break;
    if (form.awaits) return true;
  }
  return source.spec.synchronous || (source.spec.language === 'csharp' && !name.endsWith('Async'));
}

/** Below a condition, a case, a handler, or behind `&&`, inside its innermost loop or function. */
export function isConditional(node: SyntaxNode, source: Source): boolean {
  for (let child = node, current = node.parent; current; child = current, current = current.parent) {
    const form = source.form(current);
    if (form?.kind === 'function') {
      const call = current.parent?.parent;
      if (source.functionId(current) !== undefined || !call) return false;
    }
    const run = form?.kind === 'call' ? source.elementLoop(current)?.run : undefined;
    if (form?.kind === 'loop' || run?.id === child.id || run?.id === node.id) return false;
    const within = (part: SyntaxNode | undefined): boolean => part !== undefined && part.startIndex <= child.startIndex && child.endIndex <= part.endIndex;
    if (form?.kind === 'if' && (within(form.then) || form.otherwise.some(within))) return true;
    if (form?.kind === 'choice' && form.condition.id !== child.id) return true;
    if (form?.kind === 'branch' && (form.parts === undefined || form.parts.some(within))) return true;
    if (form?.kind === 'handler') return true;
  }
  return false;
}

function handlesErrors(node: SyntaxNode, source: Source): boolean {
  for (let current = node.parent; current; current = current.parent) {
    const form = source.form(current);
    if (form?.kind === 'function' || form?.kind === 'loop') return false;
    if (form?.kind === 'handler') return form.all;
  }
  return false;
}

/** Itself returned, or followed at once by an unconditional `return` or `break`. */
function exitsAfter(node: SyntaxNode, source: Source): boolean {
  let current = source.wrapped(node);
  let parent = current.parent;
  while (parent && /list$|^arguments?$/.test(parent.type) && source.form(parent)?.kind !== 'list' && !/^(argument_list|arguments)$/.test(parent.type)) {
    current = parent;
    parent = parent.parent;
  }
  const outer = parent && source.form(parent);
  if (outer?.kind === 'exit') return outer.exit === 'return';
  let statement = current;
  while (statement.parent && !/block|statement_list|body|^then$|^do$|program|compilation_unit|source_file/.test(statement.parent.type)) {
    const form = source.form(statement.parent);
    if (form?.kind === 'function' || form?.kind === 'loop' || form?.kind === 'if') return false;
    statement = statement.parent;
  }
  const siblings = statement.parent?.namedChildren ?? [];
  const next = siblings[siblings.findIndex((sibling) => sibling.id === statement.id) + 1];
  const form = next && source.form(next.type === 'expression_statement' ? next.namedChildren[0] ?? next : next);
  return form?.kind === 'exit' && form.exit !== 'throw';
}

/** Name that the call's value is assigned to, alone or first of several. */
export function resultNameOf(node: SyntaxNode, source: Source): string | undefined {
  let current = source.wrapped(node);
  if (current.parent && /expression_list|equals_value_clause/.test(current.parent.type)) current = current.parent;
  for (let parent = current.parent, depth = 0; parent && depth < 2; parent = parent.parent, depth++) {
    const form = source.form(parent);
    if (form?.kind === 'assign' && form.values.some((value) => value.startIndex <= current.startIndex && current.endIndex <= value.endIndex)) {
      const target = form.targets[0] && source.form(form.targets[0]);
      return target?.kind === 'name' ? target.name : target?.kind === 'field' ? target.name : undefined;
    }
    // `exec_params(…).first` is still the query's answer.
    if (form?.kind === 'call' && form.args.length === 0 && form.receiver && /^(?:first|to_a|values|one|unwrap|rows)$/.test(form.name.text) && source.unwrap(form.receiver).id === node.id) return resultNameOf(parent, source);
    if (form !== undefined && form.kind !== 'wrap') return undefined;
  }
  return undefined;
}
