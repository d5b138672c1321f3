import { hostSpan } from '../../text/span';
import type { BindOrigin } from '../ir';
import type { SharedText } from '../sharedIr';
import { replaceDirectives, type FormattedText } from '../shared/formatText';
import { countPieces, maxPieces, negated, type TextPart } from '../shared/textParts';
import type { SyntaxNode } from '../syntax';
import { embeddedAbove, embeddedByCall } from './embedded';
import type { FormatCall } from './forms';
import type { Binding, Names } from './names';
import type { Source } from './source';
import { spanOf } from './syntaxTools';

export interface TextEnvironment {
  readonly source: Source;
  readonly names: Names;
  originOf(node: SyntaxNode): BindOrigin;
  /** Content of an SQL file by the path that the code names. */
  sqlFile?(path: string): string | undefined;
  /** The constant of another file that a name, or a member of `owner`, stands for. */
  shared?(owner: string | undefined, name: string, at: SyntaxNode): SharedText | undefined;
}

const maximumHops = 8;

/** The text that an expression stands for; undefined when it is none, or nothing of it is known. */
export function textOf(node: SyntaxNode, environment: TextEnvironment, hops = 0): FormattedText | undefined {
  if (hops > maximumHops) return undefined;
  const { source } = environment;
  const inner = source.unwrap(node);
  const form = source.form(inner);
  const next = (child: SyntaxNode): FormattedText | undefined => textOf(child, environment, hops + 1);
  switch (form?.kind) {
    case 'text':
      return bounded({
        parts: form.pieces.flatMap((piece): readonly TextPart[] => {
          if ('text' in piece) return [{ kind: 'text', text: piece.text, form: piece.escaped ? 'escaped' : 'verbatim', span: piece.span }];
          return constantText(piece.expression, environment, hops) ?? [holeOf(piece.expression, environment, piece.span)];
        }),
        complete: true,
      });
    case 'join': {
      const texts = form.parts.map((part) => ({ part, text: next(part) }));
      if (!texts.some(({ text }) => text !== undefined)) return undefined;
      return bounded({ parts: texts.flatMap(({ part, text }) => text?.parts ?? [holeOf(part, environment)]), complete: texts.every(({ text }) => text?.complete ?? true) });
    }
    case 'choice': {
      const then = next(form.then);
      const otherwise = next(form.otherwise);
      if (!then || !otherwise) return undefined;
      return { parts: [{ kind: 'choice', condition: { text: form.condition.text, span: spanOf(form.condition) }, then: then.parts, otherwise: otherwise.parts }], complete: then.complete && otherwise.complete };
    }
    case 'call': {
      const embedded = embeddedByCall(inner, source);
      if (embedded !== undefined) return fileText(embedded, environment);
      const format = source.spec.format?.(form);
      if (format) return formatted(format, environment, hops);
      const name = form.name.text;
      if (form.receiver && form.args.length === 0 && source.spec.passes.test(name)) return next(form.receiver);
      const first = form.args[0];
      if (first && form.receiver && source.spec.passesFirst?.test(`${form.receiver.text}.${name}`)) return next(first.node);
      if (first && form.args.length === 1 && source.spec.passes.test(form.receiver ? `${form.receiver.text}.${name}` : name)) return next(first.node);
      return undefined;
    }
    case 'name': {
      const owner = ownerWritten(inner, form.name);
      return (owner === undefined ? undefined : sharedText(owner, form.name, inner, environment)) ?? namedText(form.name, inner, environment, hops) ?? (owner === undefined ? sharedText(undefined, form.name, inner, environment) : undefined);
    }
    case 'field':
      return undefined;
    case 'member':
    case 'reference': {
      // A constant of the class at hand or of one in the file: `self::FIND`, `Queries.FIND`; or of another file.
      const name = form.name.text.replace(/^\$/, '');
      return sharedText(source.unwrap(form.object).text, name, inner, environment) ?? namedText(name, inner, environment, hops, true);
    }
    default:
      return undefined;
  }
}

/** What stands in another file has no place in this one: its findings are that file's. */
function fileText(path: string, { sqlFile }: TextEnvironment): FormattedText | undefined {
  const text = sqlFile?.(path);
  return text === undefined ? undefined : { parts: [{ kind: 'text', text, form: 'rendered' }], complete: true };
}

/** `queries` of `queries::FIND`, where the languages have a form of its own for that. */
const ownerWritten = (node: SyntaxNode, name: string): string | undefined => (node.text.length > name.length && node.text.endsWith(`::${name}`) ? node.text.slice(0, -name.length - 2) : undefined);

/** Text of another file, placed where this one names it. */
function sharedText(owner: string | undefined, name: string, use: SyntaxNode, environment: TextEnvironment): FormattedText | undefined {
  const { names, shared } = environment;
  if (owner === undefined && names.bindings(name, use)) return undefined;
  const found = shared?.(owner, name, use);
  const span = spanOf(use);
  if (found?.file !== undefined) return fileText(found.file, environment);
  return found && {
    parts: found.parts.map((part): TextPart => (typeof part === 'string' ? { kind: 'text', text: part, form: 'rendered', span } : { kind: 'hole', expression: { text: part.hole, span, names: [], origin: 'unknown' } })),
    complete: found.complete,
  };
}

const bounded = (text: FormattedText): FormattedText | undefined => (countPieces(text.parts) > maxPieces ? undefined : text);

function holeOf(node: SyntaxNode, { source, names, originOf }: TextEnvironment, slot = spanOf(node)): TextPart {
  const inner = source.unwrap(node);
  return { kind: 'hole', expression: { text: inner.text, span: spanOf(inner), names: names.free(inner), origin: originOf(inner) }, slot };
}

const objectWritten = (member: SyntaxNode, source: Source): string | undefined => { const form = source.form(member); return form?.kind === 'member' || form?.kind === 'reference' ? source.unwrap(form.object).text : undefined; };

/** Constants that stand in a text's hole: their text belongs to it. */
function constantText(node: SyntaxNode, environment: TextEnvironment, hops: number): readonly TextPart[] | undefined {
  const { source, names } = environment;
  const inner = source.unwrap(node);
  const form = source.form(inner);
  const name = form?.kind === 'name' ? form.name : form?.kind === 'member' || form?.kind === 'reference' ? form.name.text : undefined;
  if (name === undefined) return undefined;
  const found = names.bindings(name, inner);
  if (!found?.top && form?.kind !== 'name') return sharedText(objectWritten(inner, source), name, inner, environment)?.parts;
  if (!found) return sharedText(ownerWritten(inner, name), name, inner, environment)?.parts;
  if (found.list.some((binding) => binding.kind === 'parameter' || binding.kind === 'element')) return undefined;
  return textOf(inner, environment, hops + 1)?.parts;
}

const percentDirective = /%(?:\[(\d+)\]|(\d+)\$)?[-+# 0,]*(?:\d+|\*)?(?:\.\d+)?([%a-zA-Z])/g;
const braceDirective = /\{\{|\}\}|\{([^{}:]*)(?::[^{}]*)?\}/g;

function formatted(call: FormatCall, environment: TextEnvironment, hops: number): FormattedText | undefined {
  const template = textOf(call.template, environment, hops + 1);
  if (!template) return undefined;
  let used = 0;
  let complete = true;
  const put = (argument: SyntaxNode | undefined): FormattedText => {
    if (!argument) {
      complete = false;
      return { parts: [], complete: false };
    }
    return { parts: constantText(argument, environment, hops) ?? [holeOf(argument, environment)], complete: true };
  };
  const text = call.style === 'percent'
    ? replaceDirectives(template, percentDirective, (match) => (match[3] === '%' ? '%' : put(call.args[match[1] ?? match[2] ? Number(match[1] ?? match[2]) - 1 : used++])))
    : replaceDirectives(template, braceDirective, (match) => {
        if (match[0] === '{{') return '{';
        if (match[0] === '}}') return '}';
        const key = (match[1] ?? '').trim();
        if (key === '') return put(call.args[used++]);
        if (/^\d+$/.test(key)) return put(call.args[Number(key)]);
        // `{name}` names a variable in the text itself: its place is that of the whole call's template.
        return { parts: [{ kind: 'hole', expression: { text: key, span: spanOf(call.template), names: [/^\w+/.exec(key)?.[0] ?? key], origin: 'unknown' } }], complete: true };
      });
  return complete ? text : { ...text, complete: false };
}

/** Text held by a name, built by the assignments and appends before its use; under conditions too. */
function namedText(name: string, use: SyntaxNode, environment: TextEnvironment, hops: number, topOnly = false): FormattedText | undefined {
  const { source, names } = environment;
  const found = topOnly ? topBindings(name, use, names) : names.bindings(name, use);
  if (!found) return undefined;
  const before = found.top ? found.list : found.list.filter((binding) => binding.node.endIndex <= use.startIndex || (binding.kind !== 'assign' && binding.kind !== 'adds'));
  const firstIndex = before.map((binding) => binding.kind === 'assign' && !isConditionalTo(binding, use, source)).lastIndexOf(true);
  const first = before[firstIndex];
  const above = first && !first.value && found.list.length === 1 ? embeddedAbove(first.node, source) : undefined;
  if (above !== undefined) return fileText(above, environment);
  if (!first?.value || first.index > 0 || before.some((binding) => binding.kind === 'parameter' || binding.kind === 'element')) return undefined;
  if (found.top && found.list.some((binding) => binding.kind === 'assign' && binding !== first)) return undefined;
  const start = textOf(first.value, environment, hops + 1);
  if (!start) return undefined;
  let complete = start.complete;
  const parts: TextPart[] = [...start.parts];
  for (const binding of before.slice(firstIndex + 1)) {
    if (binding.node.startIndex >= use.startIndex) continue;
    const added = binding.value && !binding.held ? textOf(binding.value, environment, hops + 1) : undefined;
    const guard = guardOf(binding.node, use, source);
    if (guard === 'repeated' || guard === 'unclear' || binding.kind === 'assign') {
      // `sql = sql + " AND …"` under a condition and text added per turn: more may be there than is seen.
      if (guard !== 'left') complete = false;
      continue;
    }
    if (guard === 'left') continue;
    const piece: readonly TextPart[] = added?.parts ?? (binding.value ? [holeOf(binding.value, environment)] : []);
    complete &&= added?.complete ?? true;
    if (guard === undefined) parts.push(...piece);
    else parts.push({ kind: 'choice', condition: { text: guard.negated ? negated(guard.condition.text) : guard.condition.text, span: spanOf(guard.condition) }, then: piece, otherwise: [] });
  }
  return bounded({ parts, complete });
}

function topBindings(name: string, use: SyntaxNode, names: Names): ReturnType<Names['bindings']> {
  const list = names.boundIn(undefined).get(name);
  return list && use ? { list, top: true } : undefined;
}

type GuardOf = { readonly condition: SyntaxNode; readonly negated: boolean } | 'repeated' | 'unclear' | 'left' | undefined;

/** Under which condition a statement before the use has run: none, one, or something that is not followed. */
function guardOf(statement: SyntaxNode, use: SyntaxNode, source: Source): GuardOf {
  let guard: { readonly condition: SyntaxNode; readonly negated: boolean } | undefined;
  for (let child = statement, current = statement.parent; current; child = current, current = current.parent) {
    if (current.startIndex <= use.startIndex && use.endIndex <= current.endIndex) {
      const form = source.form(current);
      // The other branch of the same `if`: it did not run on the way here.
      if (form?.kind === 'if' && guardPart(form, child) !== undefined && guardPart(form, child) !== guardPart(form, use)) return 'left';
      return guard;
    }
    const form = source.form(current);
    if (form?.kind === 'loop') return 'repeated';
    if (form?.kind === 'branch' || form?.kind === 'handler' || form?.kind === 'function') return 'unclear';
    if (form?.kind === 'call' && source.elementLoop(current)) return 'repeated';
    if (form?.kind !== 'if') continue;
    const part = guardPart(form, child);
    if (part === undefined) continue;
    if (endsInExit(child, source)) return 'left';
    if (guard || !form.condition) return 'unclear';
    guard = { condition: form.condition, negated: (part === 'otherwise') !== (form.negated === true) };
  }
  return guard;
}

type IfForm = Extract<NonNullable<ReturnType<Source['form']>>, { kind: 'if' }>;
function guardPart(form: IfForm, inner: SyntaxNode): 'then' | 'otherwise' | undefined {
  const within = (part: SyntaxNode | undefined): boolean => part !== undefined && part.startIndex <= inner.startIndex && inner.endIndex <= part.endIndex;
  if (within(form.then)) return 'then';
  return form.otherwise.some(within) ? 'otherwise' : undefined;
}

function endsInExit(block: SyntaxNode, source: Source): boolean {
  const form = source.form(block);
  if (form?.kind === 'exit') return true;
  const last = block.namedChildren.at(-1);
  return last !== undefined && form?.kind !== 'function' && form?.kind !== 'loop' && form?.kind !== 'call' && endsInExit(last, source);
}

const isConditionalTo = (binding: Binding, use: SyntaxNode, source: Source): boolean => guardOf(binding.node, use, source) !== undefined;

/** The literal value of an expression; of a constant of the file too. */
export function constantOf(node: SyntaxNode, source: Source, names?: Names): string | number | boolean | null | undefined {
  const inner = source.unwrap(node);
  const form = source.form(inner);
  if (form?.kind === 'value') return form.value;
  if (form?.kind === 'text') return form.pieces.every((piece) => 'text' in piece) ? form.pieces.map((piece) => ('text' in piece ? piece.text : '')).join('') : undefined;
  if (form?.kind === 'name' && names) {
    const found = names.bindings(form.name, inner);
    const only = found?.list[0];
    if (found?.list.length === 1 && only?.kind === 'assign' && only.value && only.index === 0) return constantOf(only.value, source);
  }
  return undefined;
}

/** A span from the first of several nodes to the last. */
export const hullOf = (nodes: readonly SyntaxNode[]): ReturnType<typeof hostSpan> => hostSpan(nodes[0]?.startIndex ?? 0, nodes.at(-1)?.endIndex ?? 0);
