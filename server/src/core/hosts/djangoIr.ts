import type { HostSpan } from '../text/span';
import type { Bind } from './ir';
import type { DjangoField, DjangoOptions } from './migrationIr';

/**
 * What only Django (and Tortoise, which is built like it) knows of a class, beside its `ModelIr`: tables, joins and filters of a model mean what the classes of
 * other files say (bases, targets of keys, managers), so they are put together when a query is rendered.
 */
export interface DjangoClassIr {
  /** `settings`: the values of a settings module or of an app's configuration, under the name of its file. */
  readonly kind: 'model' | 'manager' | 'settings';
  /** Label of the app: `Meta.app_label`, else the folder. */
  readonly app: string;
  /** Last names of the base classes, in order; those of `from_queryset(…)` too. */
  readonly bases: readonly string[];
  readonly abstract: boolean;
  readonly fields: readonly DjangoModelField[];
  /** Undefined: no `Meta` of its own. */
  readonly options?: DjangoModelOptions;
  readonly managers: readonly { readonly name: string; readonly classes: readonly string[] }[];
  readonly methods: readonly DjangoMethodIr[];
  readonly settings?: Readonly<Record<string, string>>;
}

export interface DjangoModelField extends DjangoField {
  readonly span: HostSpan;
  /** Class that a relation points to, as written: `Order`, `shop.Order`, `self`, `settings.AUTH_USER_MODEL`. */
  readonly to?: string;
  readonly throughModel?: string;
  readonly relatedName?: string;
  readonly relatedQueryName?: string;
  /** Type of the column where the class does not say it. */
  readonly databaseType?: string;
  /** Columns of a ManyToManyField's table, where they are given. */
  readonly pairColumns?: { readonly near?: string; readonly far?: string };
}

export interface DjangoModelOptions extends DjangoOptions {
  readonly appLabel?: string;
  /** Undefined: as the bases say. */
  readonly ordering?: readonly DjangoArgumentIr[];
  readonly latestBy?: readonly string[];
  readonly defaultManager?: string;
  /** `class Meta(Base.Meta)`: the base's options count too. */
  readonly inherits: boolean;
}

/** A method that returns a query: `def for_org(self, org): return self.filter(org=org)`. Without `query` its body is not understood. */
export interface DjangoMethodIr {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly query?: DjangoQueryIr;
}

/** A chain of queryset calls as plain data. */
export interface DjangoQueryIr {
  readonly root: DjangoRoot;
  readonly calls: readonly DjangoCallIr[];
  /** False: unseen code may add calls. */
  readonly complete: boolean;
  /** The whole expression; absent where it stands in another file. */
  readonly span?: HostSpan;
  /** `Order.objects`. */
  readonly anchor?: HostSpan;
}

/**
 * `model`: a manager of a class, by the class' name as written. `self`: the queryset or manager whose method it is;
 * `base`: the same before the manager's own filter (`super().get_queryset()`). `related`: rows of `model` that belong to
 * an instance, found by the look-up `key`.
 */
export type DjangoRoot =
  | { readonly kind: 'model'; readonly model: string; readonly module?: string; readonly manager: string }
  | { readonly kind: 'self' | 'base'; readonly classes?: readonly string[] }
  | { readonly kind: 'related'; readonly model: string; readonly key: string; readonly value: DjangoValue };

export interface DjangoCallIr {
  readonly name: string;
  /** Absent for what a manager adds by itself. */
  readonly span?: HostSpan;
  readonly nameSpan?: HostSpan;
  readonly args: readonly DjangoArgumentIr[];
  readonly condition?: { readonly text: string; readonly span: HostSpan; readonly choice?: number };
  /** For `[a:b]` and `[i]`, whose name is `[]`. */
  readonly slice?: { readonly start?: DjangoValue; readonly stop?: DjangoValue; readonly step?: DjangoValue; readonly index?: DjangoValue };
}

export interface DjangoArgumentIr {
  /** Of a keyword argument; `**` for a dictionary whose keys are not known. */
  readonly name?: string;
  readonly value: DjangoValue;
  /** `key=value`, or the value alone. */
  readonly span?: HostSpan;
  readonly condition?: { readonly text: string; readonly span: HostSpan; readonly choice?: number };
}

export type DjangoBind = Omit<Bind, 'key' | 'interpolation'>;

/** An argument of a queryset call: a constant, an expression of Django's, or a value of the program (`bind`). */
export type DjangoValue = { readonly bind: DjangoBind } & (
  | { readonly kind: 'bind' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }
  | { readonly kind: 'list'; readonly items: readonly DjangoValue[]; readonly complete: boolean }
  /** `F('a')`, `Count('items')`; `path` as written, without calls. */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly DjangoArgumentIr[] }
  | { readonly kind: 'operation'; readonly operator: string; readonly left: DjangoValue; readonly right: DjangoValue; readonly condition?: DjangoArgumentIr['condition'] }
  | { readonly kind: 'not'; readonly operand: DjangoValue }
  /** `F('x').desc(nulls_last=True)` */
  | { readonly kind: 'method'; readonly name: string; readonly receiver: DjangoValue; readonly args: readonly DjangoArgumentIr[] }
  | { readonly kind: 'query'; readonly query: DjangoQueryIr }
);
