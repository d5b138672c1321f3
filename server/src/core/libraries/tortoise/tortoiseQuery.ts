import type { DjangoArgumentIr, DjangoCallIr, DjangoQueryIr, DjangoValue } from '../../hosts/djangoIr';
import type { HostSpan } from '../../text/span';
import { bind, concat, conditional, group, hole, identifier, incomplete, joinConditions, literal, sql, type SqlPart } from '../shared/sqlBuilder';
import { renderSelect, type RowCountPart } from '../shared/sqlClauses';
import { renderExpression, sqlOf, valueOf, type ExpressionScope, type Rendered } from '../django/djangoExpressions';
import { keywordOf, positionalOf } from '../django/djangoRead';
import { isToMany, typeOf, type DjangoWorld, type Model } from '../django/djangoWorld';
import { renderTortoiseLookup } from './tortoiseLookups';
import { TortoiseJoins } from './tortoisePaths';

/** Methods that give one row, a value or nothing instead of a queryset. */
export const terminals: ReadonlySet<string> = new Set(['get', 'get_or_none', 'first', 'last', 'latest', 'earliest', 'count', 'exists', 'create', 'get_or_create', 'update_or_create', 'bulk_create', 'bulk_update', 'update', 'delete', 'in_bulk']);
/** Methods of a model class that start a query. */
export const starts: ReadonlySet<string> = new Set([...terminals, 'filter', 'exclude', 'all', 'annotate', 'select_for_update'].filter((name) => name !== 'update' && name !== 'delete' && name !== 'count'));
const rows = /^(get|get_or_none|first|last|latest|earliest)$/;

type Condition = DjangoArgumentIr['condition'];
interface OrderItem {
  readonly part: SqlPart;
  readonly descending: boolean;
  readonly condition?: Condition;
}

/** A queryset of Tortoise's while its calls are added up. */
export class TortoiseQuery implements ExpressionScope {
  readonly joins: TortoiseJoins;
  readonly where: SqlPart[] = [];
  readonly eager: string[] = [];
  complete = true;
  terminal?: DjangoCallIr;
  private readonly having: SqlPart[] = [];
  private readonly annotations = new Map<string, Rendered>();
  private readonly related: string[] = [];
  private order?: OrderItem[];
  private selected?: SqlPart[];
  private grouped?: SqlPart[];
  private distinct?: SqlPart;
  private locking?: SqlPart;
  private limit?: RowCountPart;
  private offset?: RowCountPart;

  private constructor(readonly model: Model, readonly world: DjangoWorld, readonly outer: ExpressionScope | undefined, private readonly span: HostSpan | undefined) {
    this.joins = new TortoiseJoins(model, world);
  }

  /** The query of a chain; undefined where its model is not known. */
  static of(ir: DjangoQueryIr, world: DjangoWorld, outer?: ExpressionScope): TortoiseQuery | undefined {
    const { root } = ir;
    const model = root.kind === 'model' ? world.model(root.model, root.module) : root.kind === 'related' ? world.model(root.model) : undefined;
    if (!model) return undefined;
    const query = new TortoiseQuery(model, world, outer, ir.anchor);
    query.complete = ir.complete && !model.managers.some((manager) => manager.name === 'objects');
    if (root.kind === 'related') query.filter([{ name: root.key, value: root.value }], false, undefined);
    for (const call of ir.calls) query.apply(call);
    return query;
  }

  reference(path: string, span: HostSpan | undefined): Rendered | undefined {
    const annotation = this.annotations.get(path);
    if (annotation) return annotation;
    const found = this.joins.follow(path.split('__'), true);
    return found && found.rest.length === 0 ? { part: identifier([found.alias, found.column], span), aggregate: false } : undefined;
  }

  conditions(args: readonly DjangoArgumentIr[]): SqlPart {
    return joinConditions(args.map((argument) => this.condition(argument).part), 'AND');
  }

  nested(ir: DjangoQueryIr, use: 'list' | 'scalar' | 'exists'): SqlPart | undefined {
    const inner = TortoiseQuery.of(ir, this.world, this);
    return use === 'exists' ? inner?.exists() : inner?.select();
  }

  private apply(call: DjangoCallIr): void {
    const { name, args, condition, span } = call;
    const values = positionalOf(args).map((argument) => argument.value);
    const texts = values.flatMap((value) => (value.kind === 'literal' && typeof value.value === 'string' ? [value.value] : []));
    const flag = (option: string): boolean => { const value = keywordOf(args, option); return value?.kind === 'literal' && value.value === true; };
    const host = span ? { host: span } : {};
    const rowCount = (value: DjangoValue | undefined): RowCountPart | undefined => value && { count: conditional(sqlOf(value, this), condition), ...host };
    if (texts.length < values.length && /^(order_by|values|values_list|only|group_by|latest|earliest|select_related)$/.test(name)) this.complete = false;
    switch (name) {
      case 'filter':
      case 'exclude':
        this.filter(args, name === 'exclude', condition);
        break;
      case 'get':
      case 'get_or_none':
        this.filter(args.filter((argument) => argument.name !== 'using_db'), false, condition);
        this.end(call, 2);
        break;
      case 'exists':
        this.filter(args.filter((argument) => argument.name !== 'using_db'), false, condition);
        this.terminal = call;
        break;
      case 'order_by':
        this.order = [...(condition && this.order ? this.order : []), ...texts.flatMap((text) => this.ordered(text, span, condition))];
        break;
      case 'first':
        this.end(call, 1);
        break;
      case 'last':
        this.order = (this.order ?? this.ordered(this.world.pk(this.model).name, span, undefined)).map((item) => ({ ...item, descending: !item.descending }));
        this.end(call, 1);
        break;
      case 'latest':
      case 'earliest':
        this.order = texts.flatMap((text) => this.ordered(text, call.nameSpan, undefined)).map((item) => (name === 'latest' ? { ...item, descending: !item.descending } : item));
        this.end(call, 1);
        break;
      case 'limit':
        this.limit = rowCount(values[0] ?? keywordOf(args, 'limit'));
        break;
      case 'offset':
        this.offset = rowCount(values[0] ?? keywordOf(args, 'offset'));
        break;
      case '[]':
        this.slice(call);
        break;
      case 'distinct':
        this.distinct = sql('DISTINCT', span);
        break;
      case 'annotate':
        for (const argument of args) this.annotate(argument);
        break;
      case 'group_by':
        this.grouped = texts.flatMap((text) => { const part = this.reference(text, span)?.part; return part ? [part] : []; });
        break;
      case 'only':
      case 'values':
      case 'values_list':
        this.choose(args);
        break;
      case 'select_related':
        this.load(texts, true);
        break;
      case 'prefetch_related':
        for (const value of values) {
          const first = value.kind === 'call' && value.name === 'Prefetch' ? positionalOf(value.args)[0]?.value ?? keywordOf(value.args, 'relation') : value;
          if (first?.kind === 'literal' && typeof first.value === 'string') this.load([first.value], false);
          else this.eager.push('*');
        }
        break;
      case 'select_for_update':
        this.locking = conditional(sql(`FOR UPDATE${flag('nowait') ? ' NOWAIT' : flag('skip_locked') ? ' SKIP LOCKED' : ''}`, span), condition);
        break;
      case 'in_bulk': {
        const by = values[1] ?? keywordOf(args, 'field_name');
        if (values[0] && by?.kind === 'literal') this.filter([{ name: `${String(by.value)}__in`, value: values[0], ...(span ? { span } : {}) }], false, undefined);
        else this.complete = false;
        this.terminal = call;
        break;
      }
      case 'all':
      case 'using_db':
      case 'force_index':
      case 'use_index':
        break;
      default:
        if (terminals.has(name)) this.terminal = call;
        else this.complete = false;
    }
  }

  private end(call: DjangoCallIr, limit: number): void {
    this.terminal = call;
    this.limit = { count: sql(String(limit)), ...(call.span ? { host: call.span } : {}) };
  }

  private slice({ slice, span }: DjangoCallIr): void {
    const [start, stop] = [slice?.start, slice?.stop];
    const host = span ? { host: span } : {};
    if (!slice || slice.index || slice.step) this.complete = false;
    const from = start?.kind === 'literal' ? start.value : undefined;
    if (start && from !== 0 && from !== null) this.offset = { count: sqlOf(start, this), ...host };
    if (!stop) return;
    const size = !this.offset ? sqlOf(stop, this) : typeof from === 'number' && stop.kind === 'literal' && typeof stop.value === 'number' ? literal(stop.value - from, stop.bind.span) : bind({ ...stop.bind, text: `${stop.bind.text} - ${start?.bind.text ?? ''}` });
    this.limit = { count: size, ...host };
  }

  private ordered(written: string, span: HostSpan | undefined, condition: Condition): readonly OrderItem[] {
    const part = this.reference(written.replace(/^-/, ''), span)?.part;
    if (!part) this.complete = false;
    return part ? [{ part, descending: written.startsWith('-'), ...(condition ? { condition } : {}) }] : [];
  }

  private annotate({ name, value }: DjangoArgumentIr): void {
    const inner = value.kind === 'call' ? { ...value, args: value.args.map((argument) => (argument.name === '_filter' ? { ...argument, name: 'filter' } : argument)) } : value;
    const known = name === undefined || name === '**' ? undefined : renderExpression(inner, this);
    if (known && name !== undefined) this.annotations.set(name, known);
    else this.complete = false;
  }

  private choose(args: readonly DjangoArgumentIr[]): void {
    const chosen = args.filter((argument) => argument.name !== 'flat').map(({ name, value }): SqlPart | undefined => {
      const path = value.kind === 'literal' && typeof value.value === 'string' ? value.value : undefined;
      const part = path === undefined || name === '**' ? undefined : this.reference(path, value.bind.span)?.part;
      return part && path !== undefined && (name !== undefined || this.annotations.has(path)) ? concat(part, sql(' AS '), identifier(name ?? path)) : part;
    });
    if (chosen.some((part) => part === undefined)) this.complete = false;
    if (chosen.length > 0) this.selected = chosen.filter((part) => part !== undefined);
  }

  private load(paths: readonly string[], joined: boolean): void {
    for (const path of paths) {
      const steps = path.split('__');
      this.eager.push(...steps.map((_, at) => steps.slice(0, at + 1).join('.')));
      if (joined) this.related.push(...steps.map((_, at) => steps.slice(0, at + 1).join('__')));
    }
  }

  private filter(args: readonly DjangoArgumentIr[], negated: boolean, condition: Condition): void {
    for (const argument of args) {
      const { part, aggregate } = this.condition(argument);
      (aggregate ? this.having : this.where).push(conditional(negated ? concat(sql('NOT '), group(part)) : part, condition));
    }
  }

  /** A keyword's look-up, a `Q`, or a combination of such. */
  private condition({ name, value, span, condition }: DjangoArgumentIr): Rendered {
    const under = ({ part, aggregate }: Rendered): Rendered => ({ part: conditional(part, condition), aggregate });
    if (name === '**') return { part: hole('fragment', value.bind), aggregate: false };
    if (name !== undefined) return under(this.lookUp(name, value, span));
    if (value.kind === 'call' && value.name === 'Q') {
      const either = /OR/.test(keywordOf(value.args, 'join_type')?.bind.text ?? '');
      return under(this.joined(value.args.filter((argument) => argument.name !== 'join_type').map((argument) => this.condition(argument)), either));
    }
    if (value.kind === 'operation' && /^[&|]$/.test(value.operator)) return under(this.joined([this.condition({ value: value.left }), this.condition({ value: value.right, ...(value.condition ? { condition: value.condition } : {}) })], value.operator === '|'));
    if (value.kind === 'not') {
      const inner = this.condition({ value: value.operand });
      return { part: concat(sql('NOT '), group(inner.part)), aggregate: inner.aggregate };
    }
    return { part: hole('fragment', value.bind), aggregate: false };
  }

  private joined(sides: readonly Rendered[], either: boolean): Rendered {
    const part = joinConditions(sides.map((side) => side.part), either ? 'OR' : 'AND');
    return { part: either && sides.length > 1 ? group(part) : part, aggregate: sides.some((side) => side.aggregate) };
  }

  private lookUp(name: string, value: DjangoValue, span: HostSpan | undefined): Rendered {
    const names = name.split('__');
    const annotation = this.annotations.get(names[0] ?? '');
    const path = annotation ? undefined : this.joins.follow(names);
    const rest = annotation ? names.slice(1) : path?.rest ?? [];
    const operand = annotation?.part ?? (path && identifier([path.alias, path.column], span));
    const type = path?.field && !path.target ? typeOf(path.field, this.world) : 'unknown';
    const part = operand && rest.length < 2 ? renderTortoiseLookup(rest[0] ?? '', operand, type, valueOf(value, this), span) : undefined;
    return { part: part ?? hole('fragment', value.bind), aggregate: annotation?.aggregate ?? false };
  }

  private columns(model: Model, alias: string): readonly SqlPart[] {
    return model.fields.filter((field) => !isToMany(field)).map((field) => identifier([alias, field.column], this.span));
  }

  /** The SELECT of the rows. */
  select(): SqlPart {
    const own = this.columns(this.model, this.model.table);
    const joined = [...new Set(this.related)].flatMap((path) => {
      const found = this.joins.follow(path.split('__'), true);
      return found?.target ? this.columns(found.target, found.alias) : [];
    });
    const added = this.selected ? [] : [...this.annotations].map(([name, { part }]) => concat(part, sql(' AS '), identifier(name)));
    const aggregates = [...this.annotations.values()].some((annotation) => annotation.aggregate);
    const order = this.order ?? (this.annotations.size > 0 ? [] : this.model.ordering.flatMap(({ value }) => (value.kind === 'literal' && typeof value.value === 'string' ? this.ordered(value.value, undefined, undefined) : [])));
    const groupBy = this.grouped ?? (aggregates && (this.joins.used || this.having.length > 0 || order.length > 0) ? own : []);
    return this.finish(renderSelect({
      ...(this.distinct ? { distinct: this.distinct } : {}), columns: this.selected ?? [...own, ...added, ...joined], from: this.table, joins: this.joins.render(), where: this.where, groupBy, having: this.having,
      orderBy: order.map(({ part, descending, condition }) => conditional(concat(part, sql(descending ? ' DESC' : ' ASC')), condition)),
      ...(this.limit ? { limit: this.limit } : {}), ...(this.offset ? { offset: this.offset } : {}), ...(this.locking ? { locking: this.locking } : {}),
    }));
  }

  exists(): SqlPart {
    return this.finish(renderSelect({ columns: [sql('1')], from: this.table, joins: this.joins.render(), where: this.where, having: this.having, limit: { count: sql('1') } }));
  }

  /** Tortoise counts without the limit and takes it off the number. */
  count(span: HostSpan | undefined): SqlPart {
    if (this.having.length > 0) this.complete = false;
    return this.finish(renderSelect({ columns: [sql('COUNT(*)', span)], from: this.table, joins: this.joins.render(), where: this.where }));
  }

  get table(): SqlPart {
    const { schema, table } = this.model;
    return identifier(schema === undefined ? [table] : [schema, table], this.span);
  }

  get isOneRow(): boolean {
    return this.terminal !== undefined && rows.test(this.terminal.name);
  }

  finish(part: SqlPart): SqlPart {
    return this.complete ? part : concat(part, incomplete);
  }
}
