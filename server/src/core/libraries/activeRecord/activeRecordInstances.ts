import type { CommonFile } from '../../hosts/common/context';
import type { Chain, HostContext } from '../adapter';
import type { ChainStart } from '../shared/modelChains';
import { heldBy, ofClass, type Held, type RecordNaming } from '../shared/recordTypes';
import { camel, singular } from '../../hosts/ruby/railsNames';

export const naming: RecordNaming = {
  library: 'active-record',
  className: (word) => camel(singular(word)),
  isPlural: (word) => singular(word) !== word,
  single: /^(?:find|find_by!?|find_or_create_by!?|find_or_initialize_by|create!?|create_or_find_by!?|new|build|first!?|last!?|take!?|sole|find_sole_by|detect|sample|min_by|max_by)$/,
  values: /^(?:pluck|ids|pick|count|size|length|sum|average|minimum|maximum|exists\?|any\?|none\?|empty\?|to_h|index_by|index_with|group_by|partition|each_slice|in_groups_of|map|flat_map|filter_map|collect|zip|to_sql|tally|as_json|to_json|each_with_object|inject|reduce)$/,
};

const write = { access: 'write', fetches: 'none' } as const;
/** Methods that only records have: whatever they are sent to, a row is written. */
export const ofRecords = /^(?:save!|update!|destroy!|update_attributes!?|update_columns?|update_attribute|increment!|decrement!|toggle!|discard!|undiscard!)$/;
/** Methods that records share with others. */
const shared = /^(?:save|update|destroy|delete|discard|touch)$/;
/** Methods that only relations have, wherever they come from. */
const ofRelations = /^(?:find_by!?|find_or_create_by!?|create_or_find_by!?|find_each|find_in_batches|in_batches|update_all|delete_all|destroy_all|discard_all!?|insert_all!?|upsert_all|eager_load|left_joins)$/;
/** Methods of relations that collections or other objects have too: only on a relation of a model. */
const ofCollections = /^(?:where|includes|preload|joins|order|create!?|exists\?|pluck|rewhere|limit|find)$/;

/**
 * Chains that start from something else than a class: what an instance writes (`invoice.update!`), what a relation is asked
 * (`customer.invoices.where(…)`), and in a model's own methods what goes to the model itself.
 */
export function recordStart(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
  const last = chain.calls.at(-1);
  if (!last || /clickhouse|mongo|redis|elastic/i.test(context.uri)) return undefined;
  const receiver = file.source.callForm(last.node)?.receiver;
  const toSelf = receiver === undefined || file.source.form(file.source.unwrap(receiver))?.kind === 'self';
  // `orders.each(&:save!)` sends to each row what stands behind the collection.
  const each = last.node.type === 'block_argument';
  const rows = (found: Held | undefined): Held | undefined => (each && found ? { model: found.model, many: false } : found);
  const held = (): Held | undefined => rows(toSelf ? ofClass(last.node, file, context, naming) : heldBy(receiver, file, context, naming));
  const only = chain.calls.length - 1;
  if (ofRecords.test(last.name)) {
    const found = held();
    // A form object's `save!` without a receiver is its own method.
    if (toSelf && !found) return undefined;
    return found?.many ? undefined : { ...(found ? { model: found.model } : {}), first: only, confidence: found ? 'proved' : 'typed', open: true, terminal: write };
  }
  if (shared.test(last.name)) {
    const found = held();
    if (!found || found.many || (last.name === 'delete' && last.args.length > 0) || (last.name === 'update' && last.args.length === 0)) return undefined;
    return { model: found.model, first: only, confidence: 'typed', open: true, terminal: write };
  }
  return each ? undefined : relationStart(chain, file, context);
}

function relationStart(chain: Chain, file: CommonFile, context: HostContext): ChainStart | undefined {
  const first = chain.calls.findIndex((call) => ofRelations.test(call.name) || ofCollections.test(call.name));
  const call = chain.calls[first];
  const form = call && file.source.callForm(call.node);
  if (!call || !form || (call.args.length === 0 && !/^(?:where|find_each|find_in_batches|in_batches|delete_all|destroy_all|discard_all!?|exists\?|create!?)$/.test(call.name))) return undefined;
  const receiver = form.receiver;
  if (!receiver || file.source.form(file.source.unwrap(receiver))?.kind === 'self') {
    const own = ofClass(call.node, file, context, naming);
    return own && (ofRelations.test(call.name) || /^(?:where|includes|preload|joins)$/.test(call.name)) ? { model: own.model, table: own.model.table, first, confidence: 'typed', open: true } : undefined;
  }
  const held = heldBy(receiver, file, context, naming);
  if (held?.many) return { model: held.model, table: held.model.table, first, confidence: 'typed', open: true };
  return ofRelations.test(call.name) && !held ? { first, confidence: 'typed', open: true } : undefined;
}
