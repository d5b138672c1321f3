import type { DjangoArgumentIr, DjangoCallIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { bind, concat, conditional, group, identifier, incomplete, join, literal, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart } from '../shared/sqlClauses';
import { addConditions, renderConditions, treeOf } from './djangoConditions';
import { columnReference, renderExpression, sqlOf, type Rendered } from './djangoExpressions';
import { findField, followPath, Joins } from './djangoJoins';
import { inlineMethod, valueWithoutPlaces, withoutPlaces } from './djangoInline';
import { keywordOf, positionalOf } from './djangoRead';
import { isToMany, isToOne, type DjangoWorld, type Field, type Model } from './djangoWorld';

interface Annotation {
  readonly part: SqlPart;
  readonly aggregate: boolean;
}

interface OrderItem {
  readonly part: SqlPart;
  readonly descending: boolean;
  readonly nulls?: 'FIRST' | 'LAST';
  readonly condition?: DjangoArgumentIr['condition'];
}

const asynchronous = /^a(?=(?:get|first|last|count|exists|create|update|delete|aggregate|in_bulk|iterator|bulk_create|bulk_update|get_or_create|update_or_create|earliest|latest|contains)$)/;
/** Methods that send the query, by their synchronous names. */
export const terminals: ReadonlySet<string> = new Set(['get', 'first', 'last', 'earliest', 'latest', 'count', 'exists', 'contains', 'aggregate', 'in_bulk', 'create', 'get_or_create', 'update_or_create', 'bulk_create', 'bulk_update', 'update', 'delete', 'explain']);
export const methodName = (name: string): string => name.replace(asynchronous, '');

/** A queryset while its calls are added up, as Django's `Query` is. */
export class Query {
  readonly joins: Joins;
  readonly annotations = new Map<string, Annotation>();
  readonly where: SqlPart[] = [];
  readonly having: SqlPart[] = [];
  readonly eager: string[] = [];
  readonly related: string[] = [];
  classes: readonly string[] = [];
  complete = true;
  sticky?: Set<string>;
  distinct?: SqlPart;
  limit?: RowCountPart;
  offset?: RowCountPart;
  locking?: SqlPart;
  /** The method that sends it: `count`, `first`, …; `[]` for one row by its place. */
  terminal?: DjangoCallIr;
  streams = false;
  /** `none()`: nothing is sent. */
  empty = false;
  private selected?: { readonly name: string; readonly part: SqlPart }[];
  private only?: readonly string[];
  private deferred: readonly string[] = [];
  private grouped?: readonly SqlPart[];
  private aggregates = false;
  private order?: OrderItem[];
  private reversed = false;
  private readonly sets: SqlPart[] = [];
  private inlined = 0;

  private constructor(readonly model: Model, readonly world: DjangoWorld, readonly outer: Query | undefined, readonly prefix: string, readonly span: HostSpan | undefined) {
    this.joins = new Joins(model, prefix);
  }

  /**
   * The query of a chain. Undefined where its model or manager is not known.
   * @param self the model behind a manager's or queryset's own methods.
   */
  static of(ir: DjangoQueryIr, world: DjangoWorld, options: { readonly outer?: Query; readonly prefix?: string; readonly self?: Model } = {}): Query | undefined {
    const { root } = ir;
    const model = root.kind === 'model' ? world.model(root.model, root.module) : root.kind === 'related' ? world.model(root.model) : options.self;
    if (!model) return undefined;
    const query = new Query(model, world, options.outer, options.prefix ?? '', ir.anchor);
    query.complete = ir.complete;
    if (!query.begin(ir)) return undefined;
    for (const call of ir.calls) query.apply(call);
    return query;
  }

  private begin({ root }: DjangoQueryIr): boolean {
    const { managers } = this.model;
    const manager = root.kind === 'model' ? managers.find((candidate) => candidate.name === root.manager) : root.kind === 'related' ? managers[0] : undefined;
    if (root.kind === 'model' && !manager && !/^(objects|_default_manager|_base_manager)$/.test(root.manager)) return false;
    this.classes = root.kind === 'self' || root.kind === 'base' ? root.classes ?? [] : manager?.classes ?? [];
    const filter = root.kind === 'base' ? undefined : this.world.method(this.classes, 'get_queryset');
    if (filter === 'unknown') this.complete = false;
    else if (filter) this.inline(filter.query && withoutPlaces(filter.query), undefined);
    if (root.kind === 'related') {
      this.sticky = new Set();
      this.filter([{ name: root.key, value: root.value }], false, undefined);
      const { sticky } = this;
      this.sticky = sticky;
    }
    return true;
  }

  get nextPrefix(): string {
    return this.prefix === '' ? 'u' : String.fromCharCode(this.prefix.charCodeAt(0) + 1);
  }

  /** A column, an annotation, by the name that Django's expressions use. */
  reference(path: string, span: HostSpan | undefined): Rendered | undefined {
    return columnReference(path, this, span);
  }

  /** Conditions as one expression, for expressions that hold some. */
  conditions(args: readonly DjangoArgumentIr[]): SqlPart {
    return renderConditions(args, this);
  }

  /** A sub-query: `list` for `__in`, `scalar` for `Subquery`, `exists`. */
  nested(ir: DjangoQueryIr, use: 'list' | 'scalar' | 'exists'): SqlPart | undefined {
    const inner = this.inlined > 20 ? undefined : Query.of(ir, this.world, { outer: this, prefix: this.nextPrefix });
    if (!inner) return undefined;
    return use === 'exists' ? inner.exists() : inner.select(use === 'list');
  }

  apply(call: DjangoCallIr): void {
    const name = methodName(call.name);
    const { args, condition } = call;
    const values = positionalOf(args).map((argument) => argument.value);
    const texts = values.flatMap((value) => (value.kind === 'literal' && typeof value.value === 'string' ? [value.value] : []));
    const flag = (keyword: string): boolean => {
      const value = keywordOf(args, keyword);
      return value?.kind === 'literal' && value.value === true;
    };
    switch (name) {
      case 'filter':
      case 'exclude':
        this.filter(args, name === 'exclude', condition);
        break;
      case 'get':
        this.filter(args, false, condition);
        this.end(call, 21, true);
        break;
      case 'all':
      case 'using':
      case 'get_queryset':
      case 'get_query_set':
      case 'iterator':
        this.streams ||= name === 'iterator';
        break;
      case 'none':
        this.empty = condition === undefined;
        break;
      case 'order_by':
        this.order = [...(condition && this.order ? this.order : []), ...values.flatMap((value) => this.ordered(value, condition))];
        if (args.some((argument) => argument.name === '**') || values.some((value) => value.kind === 'bind')) this.complete = false;
        break;
      case 'reverse':
        this.reversed = !this.reversed;
        break;
      case 'distinct':
        this.distinct = values.length > 0 ? concat(sql('DISTINCT ON (', call.span), join(texts.flatMap((text) => this.reference(text, call.span)?.part ?? []).map((part) => [part]), ', '), sql(')')) : sql('DISTINCT', call.span);
        break;
      case 'values':
      case 'values_list':
        this.values(args);
        break;
      case 'dates':
      case 'datetimes': {
        const [path, kind] = texts;
        const column = path === undefined ? undefined : this.reference(path, call.span)?.part;
        this.selected = column ? [{ name: 'datefield', part: concat(sql(`DATE_TRUNC('${kind ?? 'day'}', `, call.span), column, sql(')')) }] : [];
        if (column) this.where.push(concat(column, sql(' IS NOT NULL')));
        this.distinct = sql('DISTINCT');
        this.order = column ? [{ part: identifier('datefield'), descending: values[2]?.kind === 'literal' && values[2].value === 'DESC' }] : [];
        break;
      }
      case 'annotate':
      case 'alias':
        this.annotate(args, name === 'annotate');
        break;
      case 'aggregate':
        this.aggregate(args, call);
        break;
      case 'select_related':
        if (values.some((value) => value.kind === 'literal' && value.value === null)) this.related.length = 0;
        else this.selectRelated(texts, args.length === 0);
        break;
      case 'prefetch_related':
        for (const value of values) this.prefetch(value);
        break;
      case 'only':
        this.only = texts;
        break;
      case 'defer':
        this.deferred = [...this.deferred, ...texts];
        break;
      case 'select_for_update':
        this.locking = conditional(sql(`FOR ${flag('no_key') ? 'NO KEY UPDATE' : 'UPDATE'}${flag('nowait') ? ' NOWAIT' : flag('skip_locked') ? ' SKIP LOCKED' : ''}`, call.span), condition);
        break;
      case 'union':
      case 'intersection':
      case 'difference':
        for (const value of values) {
          const arm = value.kind === 'query' ? Query.of(value.query, this.world)?.select(false) : undefined;
          this.sets.push(concat(sql(`${name === 'union' ? 'UNION' : name === 'intersection' ? 'INTERSECT' : 'EXCEPT'}${flag('all') ? ' ALL' : ''} `, call.span), arm ?? incomplete));
          if (!arm) this.complete = false;
        }
        break;
      case 'first':
      case 'last':
        if (name === 'last') this.reversed = !this.reversed;
        this.order ??= this.defaultOrder();
        if (this.order.length === 0) this.order = [{ part: this.keyPart(), descending: false }];
        this.end(call, 1, false);
        break;
      case 'earliest':
      case 'latest': {
        const names = texts.length > 0 ? texts : this.model.latestBy ?? [];
        this.order = names.flatMap((text) => this.orderPath(text, call.nameSpan, undefined));
        if (names.length === 0) this.complete = false;
        if (name === 'latest') this.reversed = !this.reversed;
        this.end(call, 1, false);
        break;
      }
      case 'in_bulk': {
        const [keys] = values;
        const by = keywordOf(args, 'field_name');
        if (keys) this.filter([{ name: `${by?.kind === 'literal' ? String(by.value) : 'pk'}__in`, value: keys, ...(call.span ? { span: call.span } : {}) }], false, undefined);
        this.terminal = call;
        break;
      }
      case '[]':
        this.slice(call);
        break;
      case 'extra':
      case 'raw':
      case 'complex_filter':
        this.complete = false;
        break;
      default:
        if (terminals.has(name)) this.terminal = call;
        else if (name === 'as_manager' || name === 'db_manager') break;
        else this.custom(call);
    }
  }

  /** A method of the project's own manager or queryset. */
  private custom(call: DjangoCallIr): void {
    const method = this.world.method(this.classes, call.name);
    if (method === undefined || method === 'unknown' || !method.query || this.inlined > 20) {
      this.complete = false;
      return;
    }
    this.inline(inlineMethod(method, call), call.condition);
  }

  private inline(ir: DjangoQueryIr | undefined, condition: DjangoArgumentIr['condition']): void {
    this.inlined++;
    if (!ir || ir.root.kind === 'model' || ir.root.kind === 'related') {
      this.complete = false;
      return;
    }
    if (ir.root.classes) this.classes = [...this.classes, ...ir.root.classes];
    this.complete &&= ir.complete;
    for (const call of ir.calls) this.apply(condition ? { ...call, condition } : call);
  }

  private filter(args: readonly DjangoArgumentIr[], negated: boolean, condition: DjangoArgumentIr['condition']): void {
    if (args.length === 0) return;
    for (const { part, aggregate } of addConditions(treeOf(args, negated), this)) (aggregate ? this.having : this.where).push(conditional(part, condition));
  }

  private end(call: DjangoCallIr, limit: number, clearOrder: boolean): void {
    this.terminal = call;
    if (clearOrder) this.order = [];
    this.limit ??= { count: sql(String(limit)), ...(call.span ? { host: call.span } : {}) };
  }

  private slice({ slice, span }: DjangoCallIr): void {
    if (!slice) return;
    const fixed = (value: DjangoValue | undefined): number | undefined => (value?.kind === 'literal' && typeof value.value === 'number' ? value.value : undefined);
    if (slice.index) {
      this.limit = { count: sql('1'), ...(span ? { host: span } : {}) };
      if (fixed(slice.index) !== 0) this.offset = { count: sqlOf(slice.index, this), ...(span ? { host: span } : {}) };
      this.terminal = { name: '[]', args: [], ...(span ? { span, nameSpan: span } : {}) };
      return;
    }
    const { start, stop } = slice;
    const [from, to] = [fixed(start), fixed(stop)];
    const starts = start && from !== 0 && !(start.kind === 'literal' && start.value === null);
    const host = (value: DjangoValue): RowCountPart => ({ count: sqlOf(value, this), ...(value.bind.span ? { host: value.bind.span } : {}) });
    if (starts) this.offset = host(start);
    if (!stop || (stop.kind === 'literal' && stop.value === null)) return;
    const size = !starts ? sqlOf(stop, this) : from !== undefined && to !== undefined ? literal(to - from, stop.bind.span) : bind({ ...stop.bind, text: `${stop.bind.text} - ${start.bind.text}` });
    this.limit = { count: size, ...(stop.bind.span ? { host: stop.bind.span } : {}) };
  }

  private ordered(value: DjangoValue, condition: DjangoArgumentIr['condition']): readonly OrderItem[] {
    const under = condition ? { condition } : {};
    if (value.kind === 'literal' && typeof value.value === 'string') return this.orderPath(value.value, value.bind.span, condition);
    const method = value.kind === 'method' ? value : undefined;
    const known = renderExpression(value, this);
    if (!known) return value.kind === 'bind' ? [] : [{ part: sqlOf(value, this), descending: false, ...under }];
    const nulls = (['nulls_first', 'nulls_last'] as const).find((name) => { const given = method && keywordOf(method.args, name); return given?.kind === 'literal' && given.value === true; });
    return [{ part: known.part, descending: method?.name === 'desc', ...(nulls ? { nulls: nulls === 'nulls_first' ? 'FIRST' as const : 'LAST' as const } : {}), ...under }];
  }

  private orderPath(written: string, span: HostSpan | undefined, condition: DjangoArgumentIr['condition'], depth = 0): readonly OrderItem[] {
    const under = condition ? { condition } : {};
    const descending = written.startsWith('-');
    const name = written.replace(/^[-+]/, '');
    if (name === '?') return [{ part: sql('RANDOM()', span), descending: false, ...under }];
    const annotation = this.annotations.get(name);
    if (annotation) return [{ part: this.selected && !this.selected.some((column) => column.name === name) ? annotation.part : identifier(name, span), descending, ...under }];
    const path = followPath(name.split('__'), this.model, this.world);
    if (!path) {
      this.complete = false;
      return [];
    }
    const last = name.split('__').at(-1);
    const order = path.relation && last !== 'pk' ? path.model.ordering : [];
    if (order.length > 0 && depth < 4) {
      return order.flatMap(({ value }) => {
        if (value.kind !== 'literal' || typeof value.value !== 'string') return [];
        const inner = value.value.replace(/^[-+]/, '');
        return this.orderPath(`${value.value.startsWith('-') !== descending ? '-' : ''}${name}__${inner}`, span, condition, depth + 1);
      });
    }
    const part = this.reference(name, span)?.part;
    return part ? [{ part, descending, ...under }] : [];
  }

  private defaultOrder(): OrderItem[] {
    return this.model.ordering.flatMap(({ value }) => (value.kind === 'literal' && typeof value.value === 'string' ? this.orderPath(value.value, undefined, undefined) : this.ordered(valueWithoutPlaces(value), undefined)));
  }

  private keyPart(): SqlPart {
    return identifier([this.joins.base, this.world.pk(this.model).column]);
  }

  private values(args: readonly DjangoArgumentIr[]): void {
    const named = args.filter((argument) => argument.name !== undefined && !/^(flat|named|\*\*)$/.test(argument.name));
    this.annotate(named, false);
    const columns: { name: string; part: SqlPart }[] = [];
    for (const { value } of positionalOf(args)) {
      const text = value.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
      const known = text === undefined ? renderExpression(value, this) : this.reference(text, value.bind.span);
      if (!known) this.complete = false;
      else columns.push({ name: text ?? '', part: known.part });
    }
    for (const { name } of named) columns.push({ name: name ?? '', part: this.annotations.get(name ?? '')?.part ?? [] });
    if (args.some((argument) => argument.name === '**')) this.complete = false;
    this.selected = columns.length > 0 ? columns : this.concrete().map((column) => ({ name: column.field.name, part: column.part }));
  }

  private annotate(args: readonly DjangoArgumentIr[], select: boolean): void {
    for (const { name, value } of args) {
      const key = name ?? defaultAlias(value);
      const known = key === undefined || key === '**' ? undefined : renderExpression(value, this);
      if (!known || key === undefined) {
        this.complete = false;
        if (key !== undefined && key !== '**') this.annotations.set(key, { part: sqlOf(value, this), aggregate: false });
        continue;
      }
      this.annotations.set(key, { part: known.part, aggregate: known.aggregate });
      if (known.aggregate && !this.aggregates) {
        this.aggregates = true;
        this.grouped = this.selected ? this.selected.map((column) => column.part) : [this.keyPart()];
      }
      if (select) this.selected?.push({ name: key, part: known.part });
    }
  }

  private aggregate(args: readonly DjangoArgumentIr[], call: DjangoCallIr): void {
    this.selected = [];
    for (const { name, value } of args) {
      const known = renderExpression(value, this);
      const key = name ?? defaultAlias(value) ?? '';
      if (!known) this.complete = false;
      this.selected.push({ name: key, part: known?.part ?? sqlOf(value, this) });
    }
    this.order = [];
    this.terminal = call;
  }

  private selectRelated(paths: readonly string[], everything: boolean): void {
    if (everything) {
      this.eager.push(...this.model.fields.filter((field) => isToOne(field) && !field.null).map((field) => field.name));
      this.related.push(...this.model.fields.filter((field) => isToOne(field) && !field.null).map((field) => field.name));
    }
    for (const path of paths) {
      const steps = path.split('__');
      this.related.push(...steps.map((_, at) => steps.slice(0, at + 1).join('__')));
      this.eager.push(...steps.map((_, at) => steps.slice(0, at + 1).join('.')));
    }
  }

  private prefetch(value: DjangoValue): void {
    const first = value.kind === 'call' && value.name === 'Prefetch' ? positionalOf(value.args)[0]?.value ?? keywordOf(value.args, 'lookup') : value;
    if (first?.kind !== 'literal' || typeof first.value !== 'string') {
      this.eager.push('*');
      return;
    }
    const steps = first.value.split('__');
    this.eager.push(...steps.map((_, at) => steps.slice(0, at + 1).join('.')));
    const rows = value.kind === 'call' && value.name === 'Prefetch' ? positionalOf(value.args)[1]?.value ?? keywordOf(value.args, 'queryset') : undefined;
    if (rows) this.eager.push(...loadedBy(rows).map((inner) => `${steps.join('.')}.${inner}`));
  }

  private concrete(): readonly { readonly field: Field; readonly part: SqlPart }[] {
    return concreteColumns(this.model, this.world).map((field) => {
      const up = field.owner === this.model || this.model.fields.includes(field) ? [] : findField(field.name, this.model, this.world)?.up ?? [];
      return { field, part: identifier([this.joins.add(up, undefined).at(-1) ?? this.joins.base, field.column], this.span) };
    });
  }

  private columns(): readonly SqlPart[] {
    if (this.selected) return this.selected.map(({ name, part }) => (this.annotations.has(name) || name === 'datefield' || (this.terminal && methodName(this.terminal.name) === 'aggregate') ? concat(part, sql(' AS '), identifier(name)) : part));
    const key = this.world.pk(this.model).name;
    const listed = this.concrete().filter(({ field }) => (this.only ? field.name === key || this.only.includes(field.name) || this.only.includes(field.column) : !this.deferred.includes(field.name))).map(({ part }) => part);
    const added = [...this.annotations].filter(([name]) => name !== '').map(([name, { part }]) => concat(part, sql(' AS '), identifier(name)));
    return [...listed, ...added, ...this.relatedColumns()];
  }

  /** Columns that `select_related` adds. */
  private relatedColumns(): readonly SqlPart[] {
    return [...new Set(this.related)].flatMap((path) => {
      const found = followPath(path.split('__'), this.model, this.world);
      if (!found?.relation) return [];
      const alias = this.joins.add(found.steps, undefined).at(-1) ?? this.joins.base;
      return found.model.fields.filter((field) => !isToMany(field)).map((field) => identifier([alias, field.column], this.span));
    });
  }

  private orderParts(grouped: boolean): readonly SqlPart[] {
    const items = this.order ?? (grouped ? [] : this.defaultOrder());
    return items.map(({ part, descending, nulls, condition }) => conditional(concat(part, sql(`${descending !== this.reversed ? ' DESC' : ' ASC'}${nulls ? ` NULLS ${this.reversed ? (nulls === 'FIRST' ? 'LAST' : 'FIRST') : nulls}` : ''}`)), condition));
  }

  /** The SELECT of the rows. `keysOnly`: for `__in`, which compares the key where no column is chosen. */
  select(keysOnly = false): SqlPart {
    const grouped = this.aggregates && this.grouped !== undefined;
    const columns = keysOnly && !this.selected ? [this.keyPart()] : this.columns();
    const orderBy = keysOnly && !this.limit ? [] : this.orderParts(grouped);
    const others = grouped && this.selected ? this.selected.filter(({ name }) => { const annotation = this.annotations.get(name); return annotation && !annotation.aggregate; }).map(({ part }) => part) : [];
    const groupBy = grouped ? [...(this.grouped ?? []), ...others.filter((part) => !this.grouped?.includes(part))] : [];
    return this.finish(renderSelect({
      ...(this.distinct ? { distinct: this.distinct } : {}), columns, from: this.joins.from(this.span), joins: this.joins.render(), where: this.where, groupBy, having: this.having, unions: this.sets, orderBy,
      ...(this.limit ? { limit: this.limit } : {}), ...(this.offset ? { offset: this.offset } : {}), ...(this.locking ? { locking: this.locking } : {}),
    }));
  }

  exists(): SqlPart {
    return this.finish(renderSelect({ columns: [sql('1 AS a')], from: this.joins.from(this.span), joins: this.joins.render(), where: this.where, groupBy: this.aggregates ? this.grouped ?? [] : [], having: this.having, unions: this.sets, limit: this.limit ?? { count: sql('1') }, ...(this.offset ? { offset: this.offset } : {}) }));
  }

  count(span: HostSpan | undefined): SqlPart {
    const whole = this.distinct !== undefined || this.aggregates || this.limit !== undefined || this.offset !== undefined || this.sets.length > 0;
    if (!whole) return this.finish(renderSelect({ columns: [concat(sql('COUNT(*)', span), sql(' AS __count'))], from: this.joins.from(this.span), joins: this.joins.render(), where: this.where }));
    this.order = [];
    return concat(sql('SELECT COUNT(*)', span), sql(' FROM '), group(this.select()), sql(' subquery'));
  }

  /** Conditions and joins of a write: with joins the keys come from a sub-query. */
  get filters(): { readonly where: readonly SqlPart[]; readonly joined: boolean } {
    return { where: this.where, joined: this.joins.used || this.having.length > 0 || this.limit !== undefined };
  }

  private finish(part: SqlPart): SqlPart {
    return this.complete ? part : concat(part, incomplete);
  }
}

const defaultAlias = (value: DjangoValue): string | undefined => {
  const first = value.kind === 'call' ? positionalOf(value.args)[0]?.value : undefined;
  return value.kind === 'call' && first?.kind === 'literal' ? `${String(first.value)}__${value.name.toLowerCase()}` : undefined;
};

/** Columns of a model's rows: those of its parents first. */
export function concreteColumns(model: Model, world: DjangoWorld): readonly Field[] {
  return [...model.parents.flatMap(({ model: parent }) => concreteColumns(parent, world)), ...model.fields.filter((field) => !isToMany(field))];
}

/** What the rows of `Prefetch('items', queryset=…)` come with; `*`: that is not known. */
function loadedBy(rows: DjangoValue): readonly string[] {
  if (rows.kind !== 'query' || !rows.query.complete) return ['*'];
  return rows.query.calls.filter((call) => call.name === 'prefetch_related' || call.name === 'select_related').flatMap((call) => (call.args.length === 0 ? ['*'] : call.args.flatMap(({ value }): readonly string[] => {
    const steps = value.kind === 'literal' && typeof value.value === 'string' ? value.value.split('__') : undefined;
    return steps ? steps.map((_, at) => steps.slice(0, at + 1).join('.')) : ['*'];
  })));
}
