import type { CommonFile } from '../../hosts/common/context';
import type { Chain, HostContext } from '../adapter';
import { pluralize, type ChainStart } from '../shared/modelChains';
import { heldBy, type RecordNaming } from '../shared/recordTypes';

/** `orderItems` → `orderItem`; a word that is no plural stays as it is. */
function singular(word: string): string {
  for (const one of [word.replace(/ies$/, 'y'), word.replace(/es$/, ''), word.replace(/s$/, '')]) if (one !== word && pluralize(one) === word) return one;
  return word;
}

const naming: RecordNaming = {
  library: 'eloquent',
  className: (word) => singular(word.charAt(0).toUpperCase() + word.slice(1)).replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  isPlural: (word) => singular(word) !== word,
  single: /^(?:find|findOrFail|findOr|findOrNew|first|firstOrFail|firstOrNew|firstOrCreate|firstWhere|sole|create|forceCreate|make|updateOrCreate|last|fresh|refresh|replicate|getRelated)$/,
  values: /^(?:pluck|value|count|exists|doesntExist|sum|max|min|avg|toArray|toSql|keyBy|groupBy|mapWithKeys|map|flatMap|reduce|chunk|implode|toJson|modelKeys|getKey|only|getAttributes|getAttribute|getTable)$/,
};

const write = { access: 'write', fetches: 'none' } as const;
/** Methods that only models have. */
const ofRecords = /^(?:saveOrFail|saveQuietly|updateQuietly|updateOrFail|deleteQuietly|deleteOrFail|forceDelete)$/;
/** Methods that models share with other objects: only where the class is known. */
const shared = /^(?:save|update|delete|push|touch|increment|decrement|restore)$/;
/** Of relations that join two tables. */
const ofPivots = /^(?:attach|detach|sync|syncWithoutDetaching|syncWithPivotValues|updateExistingPivot|toggle)$/;

/**
 * Chains that start from an object: what a model writes (`$page->save()`), and what its relation, called as a method, is
 * asked (`$book->pages()->where(…)->get()`). Collections know the same words: `$book->pages` is one and stays silent.
 */
export function recordStart(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
  const last = chain.calls.at(-1);
  const receiver = last && file.source.callForm(last.node)?.receiver;
  if (!last || !receiver || /(?:Mongo|Redis|Elastic)/.test(context.uri)) return undefined;
  for (let first = chain.calls.length - 2; first >= 0; first--) {
    const relation = chain.calls[first];
    const held = relation && isRelationCall(relation, file) ? heldBy(relation.node, file, context, naming) : undefined;
    if (held?.many) return { model: held.model, ...(ofPivots.test(last.name) ? {} : { table: held.model.table }), first: first + 1, confidence: 'typed', open: true };
  }
  if (!ofRecords.test(last.name) && !shared.test(last.name)) return undefined;
  const held = heldBy(receiver, file, context, naming);
  if (!held) return ofRecords.test(last.name) ? { first: chain.calls.length - 1, confidence: 'typed', open: true, terminal: write } : undefined;
  return held.many ? undefined : { model: held.model, first: chain.calls.length - 1, confidence: 'typed', open: true, terminal: write };
}

/** A call without arguments that may give a relation of an object: `$book->pages()`. */
const isRelationCall = (call: Chain['calls'][number], file: CommonFile): boolean =>
  call.args.length === 0 && file.source.callForm(call.node)?.receiver !== undefined && !naming.single.test(call.name) && !naming.values.test(call.name);
