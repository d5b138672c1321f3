import type { HostSpan } from '../text/span';
import type { LibraryId } from './ir';

/** As an included template's name: the partial of whatever row is given (Rails' `orders/_order` for an `Order`). */
export const MODEL_PARTIAL = '@model';

/** What a template does with the values that code gives it: Django's language, Jinja's, Rails' and Laravel's. */
export interface TemplateIr {
  /** Template that this one fills the blocks of. */
  readonly extends?: string;
  readonly nodes: readonly TemplateNode[];
}

/**
 * In the order of the text. `branch`: runs under a condition, or from a cache only sometimes. `bind`: the name has the value
 * from here to the end of its scope. `group`: the rows of a name by a path that is read of each (`regroup`).
 */
export type TemplateNode =
  | { readonly kind: 'read'; readonly path: TemplatePath; /** Written into the text. */ readonly printed?: true }
  | { readonly kind: 'loop'; readonly names: readonly string[]; readonly iterable?: TemplatePath; readonly head: HostSpan; readonly body: readonly TemplateNode[] }
  | { readonly kind: 'branch'; readonly body: readonly TemplateNode[] }
  | { readonly kind: 'bind'; readonly name: string; readonly path?: TemplatePath }
  | { readonly kind: 'scope'; readonly bindings: readonly TemplateBinding[]; readonly body: readonly TemplateNode[] }
  | { readonly kind: 'include'; readonly templates: readonly string[]; readonly span: HostSpan; readonly bindings: readonly TemplateBinding[]; readonly isolated: boolean }
  | { readonly kind: 'block'; readonly name: string; readonly body: readonly TemplateNode[] }
  | { readonly kind: 'macro'; readonly name: string; readonly parameters: readonly string[]; readonly body: readonly TemplateNode[] }
  | { readonly kind: 'import'; readonly template: string; readonly alias?: string; readonly names: readonly { readonly name: string; readonly local: string }[] }
  | { readonly kind: 'group'; readonly rows: TemplatePath; readonly by: TemplatePath };

export interface TemplateBinding {
  readonly name: string;
  /** Undefined: a value that is no path. */
  readonly path?: TemplatePath;
}

/** `order.items.all|slice:":5"`: what is read, step by step, and what is made of it. */
export interface TemplatePath {
  readonly steps: readonly { readonly name: string; readonly span: HostSpan; readonly called: boolean }[];
  /** Without the filters. */
  readonly span: HostSpan;
  readonly filters: readonly string[];
  /** At most so many elements are taken (`[:5]`, `|slice:":5"`). */
  readonly size?: number;
  /** Arguments of a call of the last step. */
  readonly args?: readonly TemplateBinding[];
}

/** A place in code that fills a template: `render(request, 'orders.html', {'orders': orders})`, or a generic view. */
export interface RenderIr {
  /** Names of the template; several where code chooses one. */
  readonly templates: readonly string[];
  /** What renders: the call's name, the view's class. */
  readonly span: HostSpan;
  /** Of a view's class: what they define counts too. */
  readonly bases?: readonly string[];
  readonly values: readonly { readonly name: string; readonly value: TemplateValueIr }[];
}

/** A value of a template's context that comes from a query. */
export interface TemplateValueIr {
  readonly span: HostSpan;
  /** The query itself. */
  readonly siteId?: number;
  /** A call whose result it is. */
  readonly callId?: number;
  /** A model whose rows a generic view reads by itself (`model = Order`), and the end of that line. */
  readonly model?: { readonly name: string; readonly library: LibraryId; readonly span: HostSpan };
  /** `page`: rows, or an object whose `items` or `object_list` are rows; `unknown`: as the query or call says. */
  readonly shape: 'rows' | 'row' | 'page' | 'unknown';
  /** At most so many rows. */
  readonly size?: number;
}

/** `self.items.count()` in a method: what it reads of its own object. */
export interface SelfRead {
  readonly path: readonly string[];
  readonly conditional: boolean;
}

/** A class that shows a row of a model field by field (a serializer of Django REST framework). */
export interface SerializerIr {
  readonly name: string;
  readonly bases: readonly string[];
  readonly fields: readonly SerializerField[];
  /** Names in `Meta.fields`, each with its place; a single `*`: all. */
  readonly listed: readonly { readonly name: string; readonly span: HostSpan }[];
  /** A type of GraphQL: its model, whose type shows relations that are `listed`; `optimised`: an extension of the schema may load them along. */
  readonly graph?: { readonly model: string; readonly optimised?: true };
  /** `Meta.depth`: related rows are shown whole, so many relations deep. */
  readonly depth?: number;
  /** False: a method of its own decides what is shown. */
  readonly complete: boolean;
}

export interface SerializerField {
  readonly name: string;
  readonly span: HostSpan;
  /** `nested`: another serializer; `text`: the row as text; `key`: its key alone; `method`: what a method gives; `value`: an attribute. */
  readonly kind: 'nested' | 'text' | 'key' | 'method' | 'value';
  /** Attributes that lead to the value; empty: the row itself. */
  readonly source: readonly string[];
  readonly serializer?: string;
  readonly functionId?: number;
}

/** A place that shows rows with a serializer: `OrderSerializer(orders, many=True)`, or the list of a view. */
export interface SerializerUse {
  readonly serializer: string;
  readonly span: HostSpan;
  /** As of `RenderIr`. */
  readonly bases?: readonly string[];
  /** A model without a name: that of the type. */
  readonly value: TemplateValueIr;
  /** A client chooses what is shown. */
  readonly chosen?: true;
}
