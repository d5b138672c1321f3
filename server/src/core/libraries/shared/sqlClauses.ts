import type { HostSpan } from '../../text/span';
import { clause, concat, isEmpty, join, joinConditions, nothing, sql, type SqlPart } from './sqlBuilder';

/** The clauses of a SELECT as a chain collects them, in any order; each list in the order of the calls. */
export interface SelectParts {
  /** `name AS (…)` */
  readonly with?: readonly SqlPart[];
  readonly recursive?: boolean;
  /** `DISTINCT`, `DISTINCT ON (…)` */
  readonly distinct?: SqlPart;
  /** Empty: `*`. */
  readonly columns?: readonly SqlPart[];
  /** Place of the `*` where no column is named. */
  readonly starHost?: HostSpan;
  readonly from?: SqlPart;
  /** With their keyword: `INNER JOIN t ON …`. */
  readonly joins?: readonly SqlPart[];
  /** AND-conjuncts. */
  readonly where?: readonly SqlPart[];
  readonly groupBy?: readonly SqlPart[];
  readonly having?: readonly SqlPart[];
  /** With their keyword: `UNION ALL SELECT …`. */
  readonly unions?: readonly SqlPart[];
  readonly orderBy?: readonly SqlPart[];
  /** The count with the span of the whole call. */
  readonly limit?: RowCountPart;
  readonly offset?: RowCountPart;
  /** `FOR UPDATE SKIP LOCKED` */
  readonly locking?: SqlPart;
}

export interface RowCountPart {
  readonly count: SqlPart;
  /** The call: `.offset(n)`, `skip: n`. Absent where the library adds the count by itself. */
  readonly host?: HostSpan;
}

/** SELECT with its clauses in Postgres' order. */
export function renderSelect(parts: SelectParts): SqlPart {
  const columns = parts.columns?.filter((part) => !isEmpty(part)) ?? [];
  return concat(
    renderWith(parts.with, parts.recursive),
    sql('SELECT '),
    parts.distinct && !isEmpty(parts.distinct) ? concat(parts.distinct, sql(' ')) : nothing,
    columns.length > 0 ? join(columns, ', ') : sql('*', parts.starHost),
    clause(sql(' FROM '), parts.from ?? nothing),
    ...(parts.joins ?? []).map((part) => clause(sql(' '), part)),
    renderWhere(parts.where),
    clause(sql(' GROUP BY '), join(parts.groupBy ?? [], ', ')),
    clause(sql(' HAVING '), joinConditions(parts.having ?? [], 'AND')),
    ...(parts.unions ?? []).map((part) => clause(sql(' '), part)),
    renderOrder(parts.orderBy),
    renderRowCount(' LIMIT ', parts.limit),
    renderRowCount(' OFFSET ', parts.offset),
    clause(sql(' '), parts.locking ?? nothing),
  );
}

export const renderWith = (bodies: readonly SqlPart[] | undefined, recursive = false): SqlPart =>
  bodies && bodies.length > 0 ? concat(sql(recursive ? 'WITH RECURSIVE ' : 'WITH '), join(bodies, ', '), sql(' ')) : nothing;

/** ` WHERE a AND b`; nothing without conditions. */
export const renderWhere = (conditions: readonly SqlPart[] | undefined): SqlPart => clause(sql(' WHERE '), joinConditions(conditions ?? [], 'AND'));

export const renderOrder = (items: readonly SqlPart[] | undefined): SqlPart => clause(sql(' ORDER BY '), join(items ?? [], ', '));

/** The keyword and the blank behind it belong to the call, so that the clause underlines `.offset(n)`. */
const renderRowCount = (keyword: string, part: RowCountPart | undefined): SqlPart => {
  if (!part || isEmpty(part.count)) return nothing;
  return clause(concat(sql(' '), sql(keyword.trimStart(), part.host)), part.count);
};
