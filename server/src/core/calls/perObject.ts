import type { FunctionIr, HostFile, Loop } from '../hosts/ir';
import { containsSpan } from '../text/span';
import { dependentNames } from './dependence';
import { enclosingFunctions } from './enclosing';
import type { FlowGraph } from './flow';
import type { LoopClass } from './loops';
import { createVersioned } from './versioned';

/** The loop that a framework runs round a field's resolver or a serializer's method. */
export interface PerObjectLoop {
  readonly loop: Loop;
  readonly form: LoopClass;
  /** Objects of the type are seen to be given in lists. */
  readonly listed: boolean;
}

/** Parameters of a resolver that are the same for every object of an answer. */
const SHARED = /^(_*args?|_*ctx|_*context|_*info|_*input|_+|cls|user|currentUser|request|req)$/;

/**
 * The framework's loop round a place in a resolver, when what is asked there depends on the object at hand.
 * Undefined for places in any other function.
 * @param names names that reach the query's values.
 */
export function perObjectLoop(flow: FlowGraph, file: HostFile, functionId: number | undefined, names: readonly string[]): PerObjectLoop | undefined {
  const fn = enclosingFunctions(file, functionId).find((f) => f.perObject !== undefined);
  if (!fn || fn.perObject === undefined) return undefined;
  const derived = dependentNames(file, fn.span, objectNames(file, fn));
  if (!names.some((name) => derived.has(name))) return undefined;
  const type = fn.perObject;
  const loop: Loop = { id: -2_000_000 - fn.id, kind: 'callback', span: fn.span, head: fn.nameSpan, body: fn.body, functionId: fn.id, iterable: { text: type, span: fn.nameSpan, names: [], kind: 'unknown' }, elements: [], concurrent: false, facts: { assigns: [], exits: [], retries: false } };
  return { loop, form: { form: 'per-object', reason: type === '' ? 'once per object of a list' : `once per \`${type}\` of a list` }, listed: type !== '' && isListed(flow, type) };
}

/** Names under which the resolver knows the object: `@Parent()` tells it, else it comes first; in Python whatever is not the framework's. */
function objectNames(file: HostFile, fn: FunctionIr): readonly string[] {
  const marked = fn.parameters.filter((p) => p.decorators?.some((d) => /^(Parent|Root|Source)\b/.test(d)));
  const decorated = fn.parameters.some((p) => p.decorators);
  const objects = marked.length > 0 ? marked : decorated || file.language === 'python' ? fn.parameters.filter((p) => !SHARED.test(p.name) && !p.decorators) : fn.parameters.slice(0, 1);
  const inPattern = fn.locals.filter((local) => local.names.length === 0 && objects.some((p) => p.name === local.text) && containsSpan(fn.span, local.span));
  return [...objects, ...inPattern].map((item) => item.name);
}

const listedTypes = createVersioned<string, boolean>();

/** Does some query, field or view give a list of this type (or of the objects of this serializer)? Asked of all files once per type. */
function isListed(flow: FlowGraph, type: string): boolean {
  const known = listedTypes(flow);
  let listed = known.get(type);
  if (listed === undefined) known.set(type, (listed = findsList(flow, type)));
  return listed;
}

function findsList(flow: FlowGraph, type: string): boolean {
  const word = new RegExp(`\\b${type.replace(/\W/g, '')}\\b`);
  const inList = new RegExp(`=>\\s*\\[\\s*${type.replace(/\W/g, '')}\\b`);
  const annotated = new RegExp(`^(?:typing\\.)?(?:list|List|Sequence|Iterable|Optional\\[[Ll]ist|Promise<Array)[[<]\\s*['"]?${type.replace(/\W/g, '')}\\b`);
  for (const file of flow.files()) {
    if (file.functions.some((fn) => fn.decorators.some((d) => inList.test(d)) || ((fn.entry !== undefined || fn.perObject !== undefined) && annotated.test(fn.returnType ?? '')))) return true;
    if (file.calls.some((call) => (/^(List|ConnectionField|DjangoListField)$/.test(call.callee.at(-1) ?? '') && call.args.some((a) => word.test(a.text))) || (call.callee.at(-1) === type && call.args.some((a) => a.name === 'many' && a.text === 'True')))) return true;
    if (file.classes.some((cls) => cls.fields.some((f) => (f.name === 'serializer_class' && word.test(f.type)) || (/^(list|List)\[/.test(f.type) && word.test(f.type))) && cls.bases.some((base) => /ViewSet|List\w*(View|Mixin)|ObjectType|^object$/.test(base)))) return true;
  }
  return false;
}
