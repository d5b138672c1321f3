import type { HostSpan } from '../../text/span';
import type { ImportIr, LoopKind } from '../ir';
import type { CommonLanguage, SyntaxNode } from '../syntax';

/**
 * What a syntax node means, the same for every language of the common reader. A language's table (`LanguageSpec.forms`)
 * says it per node type; nodes without a form are walked through.
 */
export type Form =
  | FunctionForm
  | ClassForm
  | CallForm
  | LoopForm
  | { readonly kind: 'member'; readonly object: SyntaxNode; readonly name: SyntaxNode }
  /** A variable, constant, type or function named alone. */
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'self' }
  | { readonly kind: 'super' }
  /** A field of the object at hand, without `this` (`@users`). */
  | { readonly kind: 'field'; readonly name: string }
  /** A function that is named, not called: `repo::findById`. */
  | { readonly kind: 'reference'; readonly object: SyntaxNode; readonly name: SyntaxNode }
  | { readonly kind: 'text'; readonly pieces: readonly StringPiece[] }
  /** Texts or values joined by an operator, or by standing side by side. */
  | { readonly kind: 'join'; readonly parts: readonly SyntaxNode[] }
  | { readonly kind: 'choice'; readonly condition: SyntaxNode; readonly then: SyntaxNode; readonly otherwise: SyntaxNode }
  | AssignForm
  | { readonly kind: 'if'; readonly condition?: SyntaxNode; readonly negated?: boolean; readonly then?: SyntaxNode; readonly otherwise: readonly SyntaxNode[] }
  /** Runs only sometimes: a case, the right side of `&&`. */
  | { readonly kind: 'branch'; readonly parts?: readonly SyntaxNode[] }
  /** Runs only after an error; `all`: whatever the error. */
  | { readonly kind: 'handler'; readonly all: boolean; readonly body?: SyntaxNode }
  | { readonly kind: 'exit'; readonly exit: 'return' | 'break' | 'throw'; readonly value?: SyntaxNode }
  /** Stands for the value of another node: parentheses, `await`, a cast, `&x`, `x?`. */
  | { readonly kind: 'wrap'; readonly inner: SyntaxNode; readonly awaits?: boolean }
  | { readonly kind: 'list'; readonly items: readonly SyntaxNode[] }
  | { readonly kind: 'record'; readonly entries: readonly RecordEntry[] }
  /** An element or a part of a collection: `xs[0]`, `xs[1:]`. */
  | { readonly kind: 'index'; readonly object: SyntaxNode }
  | { readonly kind: 'value'; readonly value: string | number | boolean | null }
  | { readonly kind: 'block' }
  | { readonly kind: 'comment' }
  | { readonly kind: 'import'; readonly imports: readonly ImportIr[] };

export interface RecordEntry {
  readonly key: string;
  readonly keyNode: SyntaxNode;
  readonly value: SyntaxNode;
  /** `key: value` as a whole. */
  readonly span: HostSpan;
}

export interface FunctionForm {
  readonly kind: 'function';
  /** Absent for closures. */
  readonly name?: SyntaxNode;
  readonly parameters: readonly ParameterForm[];
  readonly body?: SyntaxNode;
  /** The type it is a method of, where it does not stand in it (Go's receiver, Rust's `impl`). */
  readonly owner?: string;
  /** What the object is called inside, where it is no keyword. */
  readonly self?: string;
  readonly async?: boolean;
  readonly decorators?: readonly string[];
  /** A framework calls it with request data. */
  readonly entry?: string;
  /** Type of what it returns, as written. */
  readonly returns?: string;
}

export interface ParameterForm {
  readonly name: string;
  readonly type?: string;
  /** Also a field of the class (PHP's promoted parameter, C#'s primary constructor). */
  readonly field?: boolean;
  readonly optional?: boolean;
}

export interface ClassForm {
  readonly kind: 'class';
  readonly name: string;
  readonly bases: readonly string[];
  readonly implements?: readonly string[];
  readonly fields: readonly { readonly name: string; readonly type: string }[];
  readonly decorators?: readonly string[];
}

export interface ArgumentForm {
  readonly node: SyntaxNode;
  readonly name?: string;
}

export interface CallForm {
  readonly kind: 'call';
  readonly receiver?: SyntaxNode;
  readonly name: SyntaxNode;
  readonly args: readonly ArgumentForm[];
  /** Closure written behind the call (Ruby's block). */
  readonly block?: SyntaxNode;
  readonly constructs?: boolean;
  /** A function literal that is called where it stands. */
  readonly literal?: SyntaxNode;
  /** Further values that it is given, which are no arguments (an initialiser). */
  readonly also?: readonly SyntaxNode[];
}

export interface LoopForm {
  readonly kind: 'loop';
  readonly loop: LoopKind;
  readonly elements: readonly string[];
  readonly iterable?: SyntaxNode;
  readonly condition?: SyntaxNode;
  /** Text of a step that is not 1. */
  readonly step?: string;
  readonly body: SyntaxNode;
  /** A counter with a fixed number of turns. */
  readonly size?: number;
  /** Where the head ends; default: before the body. */
  readonly headEnd?: number;
}

export interface AssignForm {
  readonly kind: 'assign';
  readonly targets: readonly SyntaxNode[];
  /** Fewer than targets: the last one gives the rest. */
  readonly values: readonly SyntaxNode[];
  /** `+=` on a text, or on anything else. */
  readonly adds: boolean;
  readonly type?: string;
}

export type StringPiece =
  | { readonly text: string; readonly escaped: boolean; readonly span: HostSpan }
  /** `span` with the marks round it. */
  | { readonly expression: SyntaxNode; readonly span: HostSpan };

/** `String.format(template, …)`: where the template is and how its directives are written. */
export interface FormatCall {
  readonly template: SyntaxNode;
  readonly args: readonly SyntaxNode[];
  /** `percent` `%s`, `%[1]s`, `%1$s`; `braces` `{0}`, `{}`, `{name}`. */
  readonly style: 'percent' | 'braces';
}

/** All that the common reader must be told of a language. */
export interface LanguageSpec {
  readonly language: CommonLanguage;
  readonly forms: Readonly<Record<string, (node: SyntaxNode) => Form | undefined>>;
  /** Name space that the file's declarations share with other files. */
  packageOf(root: SyntaxNode, uri: string): string;
  /** Methods and fields of the object are named without `this`. */
  readonly implicitThis: boolean;
  /** A call has run when it returns: nothing is awaited. */
  readonly synchronous: boolean;
  /** Methods stand outside of the declarations of their types (Go, Rust). */
  readonly methodsApart?: boolean;
  /** Classes of one name stand in several modules, and are called by their full names (Ruby). */
  readonly constantsNest?: boolean;
  /** `return` in a block leaves the function around it, `break` the loop (Ruby): blocks are loops like any other. */
  readonly blocksAreLoops?: boolean;
  /** Methods that run the function they are given once per element of the receiver (or, for plain functions, of another argument). */
  readonly perElement: RegExp;
  /** Those whose elements are chunks. */
  readonly chunked: RegExp;
  /** Methods that give the receiver's elements in another form: `stream()`, `iter()`. */
  readonly lookThrough: RegExp;
  /** Methods whose turns run at the same time. */
  readonly concurrent?: RegExp;
  format?(call: CallForm): FormatCall | undefined;
  /** Methods that append to a text builder. */
  readonly appends: RegExp;
  /** Methods and constructors through which a text passes unchanged (`squish`, `String::from`, `new StringBuilder`). */
  readonly passes: RegExp;
  /** Functions that make a text of their first argument, whatever else they are given (`sqlx.In(query, ids)`). */
  readonly passesFirst?: RegExp;
  /** Methods that put a value into a text builder (`push_bind`). */
  readonly binds?: RegExp;
  /** What, called on a value that is no collection, walks its first argument (`Parallel.ForEach(ids, …)`). */
  readonly walkers?: RegExp;
  /** Names that are never variables of interest. */
  readonly ignoredNames?: RegExp;
  /** A name of this form in an expression is a constant or a type. */
  readonly constants?: RegExp;
}
