import type { SyntaxNode } from '../../hosts/syntax';
import { callParts, unwrap } from '../../hosts/typescript/syntaxTools';

/** A tagged template and the methods called on it: `` sql<Row>`…`.as('n') ``. */
export interface TaggedTemplate {
  readonly tag: SyntaxNode;
  readonly template: SyntaxNode;
  readonly methods: readonly { readonly name: string; readonly args: readonly SyntaxNode[] }[];
  /** `await` stands inside, where the grammar puts it in front of the tag. */
  readonly awaited: boolean;
}

/** Reads both forms: the grammar takes `` tag<Row>`…` `` with a plain type name for two comparisons. Undefined for anything else. */
export function readTagged(written: SyntaxNode): TaggedTemplate | undefined {
  const node = unwrap(written);
  if (node.type === 'binary_expression') {
    const [left, right] = [node.childForFieldName('left'), node.childForFieldName('right')];
    const tag = left?.type === 'binary_expression' && left.childForFieldName('operator')?.type === '<' ? left.childForFieldName('left') : null;
    const rest = right && node.childForFieldName('operator')?.type === '>' ? behind(right) : undefined;
    if (!tag || rest?.root.type !== 'template_string') return undefined;
    const awaited = tag.type === 'await_expression';
    return { tag: awaited ? tag.namedChildren[0] ?? tag : tag, template: rest.root, methods: rest.methods, awaited };
  }
  if (node.type !== 'call_expression') return undefined;
  const { root, methods } = behind(node);
  const parts = callParts(root);
  return parts?.template && { tag: parts.callee, template: parts.template, methods, awaited: parts.awaited };
}

/** What method calls are called on, without these. */
function behind(node: SyntaxNode): { readonly root: SyntaxNode; readonly methods: TaggedTemplate['methods'] } {
  const methods: { name: string; args: readonly SyntaxNode[] }[] = [];
  let root = node;
  for (let hops = 0; hops < 8; hops++) {
    const parts = callParts(root);
    const object = parts && !parts.template && parts.callee.type === 'member_expression' ? parts.callee.childForFieldName('object') : null;
    if (!parts || !object) break;
    methods.unshift({ name: parts.callee.childForFieldName('property')?.text ?? '', args: parts.args });
    root = unwrap(object);
  }
  return { root, methods };
}
