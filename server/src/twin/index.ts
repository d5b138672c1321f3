import { fileURLToPath } from 'node:url';
import { defaultRows } from '../core/catalog/assumedStatistics';
import type { Catalog } from '../core/catalog/model';
import type { PlannedStatement } from '../core/plan/planner';
import { quoteQualified } from '../core/sql/names';
import type { StepResult } from './child/protocol';
import { createEmbeddedServer, type EmbeddedOptions } from './embedded';
import { toPlannedStatement } from './explain';
import { createSchemaImage } from './image';
import { giveTypes } from './parameters';
import { StepFailure, type PlanningServer } from './planningServer';
import { toTwinError } from './problems';
import { renderLocalSettings } from './settings';
import { proveStatement } from './statement';
import type { Twin, TwinPlanOptions } from './twin';
import { planWith, planWithout } from './whatIf';

export interface TwinOptions {
  /** The program of the planner's process. Default: `twin.js` beside the bundle. */
  readonly script?: EmbeddedOptions['script'];
  /** Milliseconds without a question after which the process ends. Default 60,000. */
  readonly idleMs?: number;
  /** Milliseconds that one plan may take. Default 10,000. */
  readonly timeoutMs?: number;
  /** Milliseconds that a start may take. Default 60,000. */
  readonly startTimeoutMs?: number;
  /** Resident memory of the process above which it is replaced before the next question. Default 1.5 GB. */
  readonly memoryLimitBytes?: number;
  /** Milliseconds after which a process that ended several times in a row is tried once more. Default ten minutes. */
  readonly retryMs?: number;
  /** Rows of a table about which nothing is known. Default 1,000,000. */
  readonly assumedRows?: number;
}

/** A planner twin. It starts with the first question and ends by itself when there are none. */
export function createTwin(options: TwinOptions = {}): Twin {
  const server = createEmbeddedServer({
    script: options.script ?? fileURLToPath(new URL('twin.js', import.meta.url)), idleMs: options.idleMs ?? 60_000, timeoutMs: options.timeoutMs ?? 10_000,
    startTimeoutMs: options.startTimeoutMs ?? 60_000, memoryLimitBytes: options.memoryLimitBytes ?? 1_500_000_000, retryMs: options.retryMs ?? 600_000,
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
  /** Statements as Postgres took them, for the catalog that was asked about last. */
  let accepted = new Map<string, string>();
  let asked: Catalog | undefined;
  const acceptedFor = (catalog: Catalog, statement: string): string | undefined => (asked === catalog ? accepted.get(statement) : undefined);

  const explain = async (statement: string, settings: readonly string[]): Promise<StepResult | undefined> =>
    (await server.run([{ type: 'sql', sql: 'begin' }, ...settings.map((sql) => ({ type: 'sql' as const, sql })), { type: 'explain', statement }], { finally: 'rollback' })).at(-1);

  /** Plans the statement as it stands; where Postgres asks for types or objects, they are given and it is asked again. */
  const accept = async (catalog: Catalog, statement: string, settings: readonly string[]): Promise<{ readonly text: string; readonly result: StepResult | undefined }> => {
    let text = acceptedFor(catalog, statement) ?? statement;
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await explain(text, settings);
        if (asked !== catalog || accepted.size >= maxAccepted) accepted = new Map();
        asked = catalog;
        accepted.set(statement, text);
        return { text, result };
      } catch (error) {
        if (!(error instanceof StepFailure) || attempt >= maxAttempts) throw error;
        const typed = giveTypes(text, error.error);
        if (typed === undefined && !(await image.addMissing(error.error.message))) throw error;
        text = typed ?? text;
      }
    }
  };
  const local = (plan: TwinPlanOptions | undefined): readonly string[] => renderLocalSettings(plan?.settings ?? {});
  /** For plans in a transaction of their own: an error there would end it. */
  const acceptOnce = async (catalog: Catalog, statement: string): Promise<string> => acceptedFor(catalog, statement) ?? (await accept(catalog, statement, [])).text;

  return {
    plan: (catalog, sql, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, statement);
      return toPlannedStatement(server.major, (await accept(catalog, statement, local(plan))).result, catalog, image, [], image.caveatsOf(statement));
    }),
    whatIf: (catalog, sql, sets, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, [statement, ...sets.flat().flatMap(({ table, definition }) => [nameOf(catalog, table), definition])].join(' '));
      const text = await acceptOnce(catalog, statement);
      const plans: PlannedStatement[] = [];
      for (const set of sets) plans.push(await planWith(server, image, catalog, text, set, local(plan)));
      return plans;
    }),
    without: (catalog, sql, indexes, plan) => inTurn(async () => {
      const statement = proveStatement(sql);
      await image.ensure(catalog, statement);
      return planWithout(server, image, catalog, await acceptOnce(catalog, statement), indexes, local(plan));
    }),
    status: () => server.status(),
    stop: async () => {
      await server.stop();
      await last;
    },
  };
}

const maxAttempts = 8;
const maxAccepted = 5_000;

/** As a name in a statement, so that the table is made. */
function nameOf(catalog: Catalog, key: string): string {
  const table = catalog.tables.get(key);
  return table === undefined ? '' : quoteQualified(table.schema, table.name);
}
