import type { HostSpan } from '../../text/span';
import type { TemplateNode } from '../templateIr';

/** Nodes inside each other; those who walk them do it by recursion. */
const MAX_NESTING = 100;

type Make = (body: readonly TemplateNode[]) => TemplateNode;

/** Puts nodes together as tags open and close. */
export interface NodeTree {
  add(node: TemplateNode): void;
  /** @param name what closes it, or the `else` in it */
  open(name: string, span: HostSpan, make: Make): void;
  /** What follows in the innermost node runs only sometimes, and no longer in its loop. */
  otherwise(span: HostSpan): void;
  /** The innermost node of these names, or of any, ends. */
  close(names: RegExp, span: HostSpan): void;
  /** Undefined where tags stood too deep in each other. */
  end(): { readonly nodes: readonly TemplateNode[]; readonly errors: readonly HostSpan[] } | undefined;
}

export function createTree(): NodeTree {
  const root: TemplateNode[] = [];
  const errors: HostSpan[] = [];
  const frames: { readonly name: string; readonly span: HostSpan; readonly nodes: TemplateNode[]; readonly make: Make }[] = [];
  let tooDeep = false;
  const top = (): TemplateNode[] => frames.at(-1)?.nodes ?? root;
  const pop = (): void => {
    const frame = frames.pop();
    if (frame) top().push(frame.make(frame.nodes));
  };
  const open = (name: string, span: HostSpan, make: Make): void => {
    if (frames.length >= MAX_NESTING) tooDeep = true;
    else frames.push({ name, span, nodes: [], make });
  };
  return {
    add: (node) => void top().push(node),
    open,
    otherwise(span) {
      const name = frames.at(-1)?.name;
      if (name === undefined) return;
      pop();
      open(name, span, (body) => ({ kind: 'branch', body }));
    },
    close(names, span) {
      const at = frames.findLastIndex((frame) => names.test(frame.name));
      if (at < 0) return void errors.push(span);
      while (frames.length > at) pop();
    },
    end() {
      errors.push(...frames.map(({ span }) => span));
      while (frames.length > 0) pop();
      return tooDeep ? undefined : { nodes: root, errors };
    },
  };
}
