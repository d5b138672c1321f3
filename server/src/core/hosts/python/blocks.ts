import type { BlockIr, HostFile } from '../ir';
import type { SyntaxNode } from '../syntax';
import type { Outline } from './outline';
import { field, parts, spanOf } from './syntaxTools';

export const readBlocks = (outline: Outline): readonly BlockIr[] => outline.blocks.flatMap((node) => readBlock(node, outline) ?? []);

export const readExits = (outline: Outline): NonNullable<HostFile['exits']> => outline.exits.map((node) => ({ span: spanOf(node), functionId: outline.functionOf(node) }));

function readBlock(node: SyntaxNode, outline: Outline): BlockIr | undefined {
  const body = field(node, 'body');
  if (!body) return undefined;
  const common = { span: spanOf(node), body: spanOf(body), functionId: outline.functionOf(node) };
  if (node.type === 'with_statement') return { ...common, kind: 'with', handlers: [], items: itemsOf(node) };
  const last = parts(node).find((child) => child.type === 'finally_clause');
  return { ...common, kind: 'try', handlers: parts(node).filter((child) => /^except/.test(child.type)).map(spanOf), ...(last ? { finally: spanOf(last) } : {}), items: [] };
}

function itemsOf(node: SyntaxNode): BlockIr['items'] {
  const items: SyntaxNode[] = [];
  const collect = (current: SyntaxNode): void => {
    if (current.type === 'with_item') items.push(current);
    else if (current.type === 'with_clause') for (const child of parts(current)) collect(child);
  };
  for (const child of parts(node)) collect(child);
  return items.map((item) => {
    const value = parts(item)[0] ?? item;
    const target = value.type === 'as_pattern' ? field(value, 'alias') : undefined;
    const manager = value.type === 'as_pattern' ? parts(value)[0] ?? value : value;
    return { text: manager.text, span: spanOf(manager), ...(target ? { alias: target.text } : {}) };
  });
}
