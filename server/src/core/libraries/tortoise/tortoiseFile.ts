import { isOutermost, type PythonChain } from '../../hosts/python/chains';
import { isWalked, modelsOf, scopesOf } from '../../hosts/python/context';
import { calleeName, field, wrapped } from '../../hosts/python/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import type { HostContext } from '../adapter';
import { instanceModel, modelNamed, relatedManager, type DjangoFile } from '../django/djangoInstances';
import { isAwaited, readDjangoValue, type DjangoStart } from '../django/djangoRead';
import { worldOf } from '../django/djangoWorld';
import { tortoiseConventions } from './tortoiseConventions';
import { starts } from './tortoiseQuery';

const files = new WeakMap<HostContext, DjangoFile | null>();

/** A file's queries as they are read; undefined where no model of Tortoise's is known. */
export function tortoiseFile(context: HostContext): DjangoFile | undefined {
  const known = files.get(context);
  if (known !== undefined) return known ?? undefined;
  const [scopes, models] = [scopesOf(context), modelsOf(context)];
  const world = models && worldOf(models.own, models.known, tortoiseConventions);
  if (!scopes || !world || world.models().length === 0) {
    files.set(context, null);
    return undefined;
  }
  const file: DjangoFile = {
    context, scopes, world,
    reading: {
      scopes, asynchronous: true,
      bind(node) {
        const { text, span, names, origin } = context.bind(node, '');
        return { text, span, names, origin };
      },
      root: (chain, depth) => rootOf(chain, file, depth),
    },
  };
  files.set(context, file);
  return file;
}

const relatedMethods = /^(filter|all|order_by|limit|offset)$/;

/** `Player.filter`, `models.Player.all`, `player.matches.all`. What follows an `await` in the chain is done with the rows. */
function rootOf({ root, rootPath, calls }: PythonChain, file: DjangoFile, depth: number): DjangoStart | undefined {
  const [first] = calls;
  if (!first || depth > 8 || calls.slice(0, -1).some((call) => isAwaited(call.node))) return undefined;
  const callee = first.node.type === 'call' ? field(first.node, 'function') : undefined;
  if (callee?.type !== 'attribute') return undefined;
  if (starts.has(first.name)) {
    const model = modelNamed(root, file) ?? ownModel(rootPath, root, file);
    if (model) return { root: { kind: 'model', model: `${model.app}.${model.name}`, manager: 'objects' }, from: 0, anchor: root };
  }
  const object = root.type === 'attribute' ? field(root, 'object') : undefined;
  const owner = object && relatedMethods.test(first.name) ? instanceModel(object, file, depth + 1) : undefined;
  const related = owner && relatedManager(owner, rootPath.at(-1) ?? '', file.world);
  return related && object ? { root: { kind: 'related', model: `${related.model.app}.${related.model.name}`, key: related.key, value: readDjangoValue(object, { ...file.reading, root: undefined }, 20) }, from: 0, anchor: root } : undefined;
}

/** `cls` in a class method of a model. */
function ownModel(path: readonly string[], node: SyntaxNode, file: DjangoFile): ReturnType<typeof modelNamed> {
  if (path.length !== 1 || path[0] !== 'cls') return undefined;
  let owner: SyntaxNode | null = node;
  while (owner && owner.type !== 'class_definition') owner = owner.parent;
  const name = owner && field(owner, 'name');
  return name ? modelNamed(name, file) : undefined;
}

/** The chain ends here: nothing follows, or only what is done with the awaited rows. */
export const endsChain = (node: SyntaxNode): boolean => isAwaited(node) || isOutermost(node);

const runners = /^(gather|wait|wait_for|shield|create_task|ensure_future|run_until_complete|run_async|run|as_completed)$/;

/** Awaited, walked by a loop, or given to what awaits it, alone or in a list. */
export function isSent(node: SyntaxNode): boolean {
  if (isWalked(node)) return true;
  let current = wrapped(node);
  while (current.parent && /^(list|tuple|list_comprehension|generator_expression|list_splat|parenthesized_expression)$/.test(current.parent.type)) current = current.parent;
  const list = current.parent;
  return list?.type === 'argument_list' && list.parent?.type === 'call' && runners.test(calleeName(list.parent)?.text ?? '');
}

