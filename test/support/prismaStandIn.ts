import type pg from 'pg';

type Row = Record<string, unknown>;
interface Arguments {
  readonly where?: Row;
  readonly select?: Record<string, boolean | Arguments>;
  readonly include?: Record<string, boolean | Arguments>;
  readonly orderBy?: Record<string, 'asc' | 'desc'>;
  readonly take?: number;
}

/** What the stand-in knows of a model: its table and its relations to one row. */
export interface StandInModel {
  readonly table: string;
  readonly relations?: Readonly<Record<string, { readonly model: string; readonly field: string; readonly references: string }>>;
}

/**
 * The part of Prisma's client that the code under test uses, over the real server: `findFirst`, `findUnique`, `findMany`
 * with equality and `in`, `select`, `include` of to-one relations (read by a further statement, as Prisma does), `orderBy`
 * and `take`. Unknown arguments throw.
 */
export function prismaOver(pool: pg.Pool, models: Readonly<Record<string, StandInModel>>): unknown {
  const columns = (name: string): string => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
  const fields = (row: Row): Row => Object.fromEntries(Object.entries(row).map(([k, v]) => [k.replace(/_([a-z])/g, (_, c: string) => c.toUpperCase()), v]));

  async function read(name: string, args: Arguments): Promise<Row[]> {
    const model = models[name];
    if (!model || Object.keys(args).some((key) => !['where', 'select', 'include', 'orderBy', 'take'].includes(key)) || (args.select && args.include)) throw new Error(`${name}: ${JSON.stringify(args)}`);
    const values: unknown[] = [];
    const conditions = Object.entries(args.where ?? {}).map(([key, value]) => {
      if (value === null) return `${columns(key)} IS NULL`;
      const list = typeof value === 'object' ? (value as { readonly in: unknown[] }).in : undefined;
      if (list?.some((item) => item === null || item === undefined)) throw new Error(`${name}.${key}: null in a list`);
      values.push(list ?? value);
      return list ? `${columns(key)} = ANY($${values.length})` : `${columns(key)} = $${values.length}`;
    });
    const order = Object.entries(args.orderBy ?? {}).map(([key, way]) => `${columns(key)} ${way}`);
    const text = `SELECT * FROM ${model.table} WHERE ${conditions.join(' AND ') || 'true'}${order.length > 0 ? ` ORDER BY ${order.join(', ')}` : ''}${args.take === undefined ? '' : ` LIMIT ${args.take}`}`;
    const rows = ((await pool.query(text, values)).rows as Row[]).map(fields);
    for (const [key, nested] of Object.entries({ ...args.select, ...args.include })) {
      const relation = model.relations?.[key];
      if (!relation || rows.length === 0) continue;
      const inner: Arguments = nested === true || nested === false ? {} : nested;
      const keys = [...new Set(rows.map((row) => row[relation.field]).filter((value) => value !== null))];
      const wanted = inner.select ? { select: { ...inner.select, [relation.references]: true } } : {};
      const found = await read(relation.model, { ...inner, ...wanted, where: { [relation.references]: { in: keys } } });
      for (const row of rows) row[key] = pick(found.find((other) => other[relation.references] === row[relation.field]), inner) ?? null;
    }
    return rows.map((row) => pick(row, args) ?? row);
  }
  const pick = (row: Row | undefined, { select }: Arguments): Row | undefined => (row && select ? Object.fromEntries(Object.entries(row).filter(([key]) => select[key] !== undefined && select[key] !== false)) : row);
  const one = async (name: string, args: Arguments): Promise<Row | null> => (await read(name, { ...args, take: 1 }))[0] ?? null;
  return Object.fromEntries(Object.keys(models).map((name) => [name, { findMany: (args: Arguments = {}) => read(name, args), findFirst: (args: Arguments = {}) => one(name, args), findUnique: (args: Arguments) => one(name, args) }]));
}
