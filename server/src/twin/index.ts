import { fileURLToPath } from 'node:url';
import { defaultRows } from '../core/catalog/assumedStatistics';
import type { Catalog } from '../core/catalog/model';
import { quoteIdentifier } from '../core/sql/names';
import { createEmbeddedServer } from './embedded';
import { explainSql, toPlannedStatement } from './explain';
import { createSchemaImage } from './image';
import type { PlanningServer } from './planningServer';
import { toTwinError } from './problems';
import { renderLocalSettings } from './settings';
import { proveStatement } from './statement';
import type { Twin, TwinPlanOptions } from './twin';
import { planWith, planWithout } from './whatIf';

export interface TwinOptions {
  /** The program of the planner's process. Default: `twin.js` beside the bundle. */
  readonly script?: string;
  /** Milliseconds without a question after which the process ends. Default 60,000. */
  readonly idleMs?: number;
  /** Milliseconds that one plan may take. Default 5,000. */
  readonly timeoutMs?: number;
  /** Milliseconds that a start may take. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Resident memory of the process above which it is replaced before the next question. Default 1.5 GB. */
  readonly memoryLimitBytes?: number;
  /** Rows of a table about which nothing is known. Default 1,000,000. */
  readonly assumedRows?: number;
}

/** A planner twin. It starts with the first question and ends by itself when there are none. */
export function createTwin(options: TwinOptions = {}): Twin {
  const server = createEmbeddedServer({
    script: options.script ?? fileURLToPath(new URL('twin.js', import.meta.url)), idleMs: options.idleMs ?? 60_000, timeoutMs: options.timeoutMs ?? 5_000,
    startTimeoutMs: options.startTimeoutMs ?? 60_000, memoryLimitBytes: options.memoryLimitBytes ?? 1_500_000_000,
  });
  return createTwinOn(server, options.assumedRows ?? defaultRows);
}

/** A twin on a planning server. Questions are answered one after the other. */
export function createTwinOn(server: PlanningServer, fallbackRows: number): Twin {
  const image = createSchemaImage(server, fallbackRows);
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work).catch((error: unknown) => { throw toTwinError(error); });
    last = result.catch(() => undefined);
    return result;
  };
  const local = (plan: TwinPlanOptions | undefined): readonly string[] => renderLocalSettings(plan?.settings ?? {});

  return {
    plan: (catalog, sql, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, statement);
      const results = await server.run([{ type: 'sql', sql: 'begin' }, ...local(plan).map((text) => ({ type: 'sql' as const, sql: text })), { type: 'sql', sql: explainSql(statement) }], { finally: 'rollback' });
      return toPlannedStatement(results.at(-1), catalog, image);
    }),
    whatIf: (catalog, sql, sets, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, `${statement} ${tablesOf(catalog, sets.flat().map(({ table }) => table))}`);
      const plans = [];
      for (const set of sets) plans.push(await planWith(server, image, catalog, statement, set, local(plan)));
      return plans;
    }),
    without: (catalog, sql, indexes, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, statement);
      return planWithout(server, image, catalog, statement, indexes, local(plan));
    }),
    status: () => server.status(),
    stop: async () => {
      await server.stop();
      await last;
    },
  };
}

/** As names of a statement, so that they are made. */
const tablesOf = (catalog: Catalog, keys: readonly string[]): string =>
  keys.flatMap((key) => { const table = catalog.tables.get(key); return table === undefined ? [] : [`${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`]; }).join(' ');
