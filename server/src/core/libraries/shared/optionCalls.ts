import type { ChainCall } from '../../hosts/ir';
import { unwrap } from '../../hosts/typescript/syntaxTools';
import type { SyntaxNode } from '../../hosts/syntax';
import { hostSpan } from '../../text/span';
import type { HostContext } from '../adapter';
import { findLocal, readObject, type ObjectValue } from './hostValues';

/** A call whose query stands in an object of options: the method, then each option as a call of its own (`where: {…}`, `skip: n`). */
export function optionsChain(call: SyntaxNode, method: SyntaxNode, argument: SyntaxNode | undefined, options: ObjectValue | undefined, context: HostContext): readonly ChainCall[] {
  const first: ChainCall = {
    name: method.text, nameSpan: context.span(method),
    span: hostSpan(context.text.lastIndexOf('.', method.startIndex), call.endIndex),
    args: argument ? [context.argument(argument)] : [],
  };
  const keys = options?.entries.map((entry): ChainCall => {
    const value = unwrap(entry.value);
    const local = value.type === 'identifier' || value.type === 'shorthand_property_identifier' ? findLocal(value)?.value : undefined;
    // A filter held in a variable is edited where its object stands.
    const node = local && readObject(local) ? unwrap(local) : value;
    return { name: entry.key, nameSpan: hostSpan(entry.span.start, entry.span.start + entry.key.length), span: entry.span, args: [context.argument(node)] };
  });
  return [first, ...(keys ?? [])];
}
