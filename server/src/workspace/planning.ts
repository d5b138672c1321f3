import type { Catalog } from '../core/catalog/model';
import type { HypotheticalIndex, PlanAnswer, PlannedStatement, Planner, PlanQuestion } from '../core/plan/planner';
import { TwinError, type Twin } from '../twin/twin';

/**
 * The planner of one catalog: rules ask, the twin answers later. Questions of a lint run are collected; `settle` has the
 * twin answer them, and the next run finds the answers.
 */
export interface Planning {
  readonly planner: Planner;
  readonly twin: Twin | undefined;
  /** Another schema or other statistics: answers about the one before do not hold. The same one, read again, changes nothing. */
  use(catalog: Catalog | undefined): void;
  /** Questions that wait for `settle`. */
  readonly waiting: number;
  /**
   * Answers what has been asked until there is nothing left, the newest question first. Resolves to true when anything had been
   * asked: then another look is worth while, whether it was answered or the schema is another meanwhile. Never rejects.
   */
  settle(): Promise<boolean>;
}

/** A rule asks for the plan, then for the plan with indexes, then for what remains; more rounds than this are a loop. */
export const MAX_PLANNER_ROUNDS = 6;
/** Answers kept for a catalog; one is about 5 kB. Who lints many files has them answered in portions: what is forgotten is asked again. */
const MAX_ANSWERS = 5000;
/** Catalogs whose answers are kept: a migration that is typed and undone asks nothing twice. */
const MAX_CATALOGS = 3;

export function createPlanning(twin: Twin | undefined): Planning {
  const byCatalog = new Map<string, Map<string, PlanAnswer>>();
  let catalog: Catalog | undefined;
  let version = '';
  let answers = new Map<string, PlanAnswer>();
  let pending = new Map<string, PlanQuestion>();
  let running: Promise<boolean> | undefined;

  const isAvailable = (): boolean => twin !== undefined && catalog !== undefined && twin.status().state !== 'failed';

  const answerAll = async (using: Twin): Promise<void> => {
    while (isAvailable() && catalog) {
      // One statement at a time, the one asked about last: what is being typed does not wait behind what was asked before it.
      const [current, asked, store, group] = [catalog, version, answers, takeNewest(pending)];
      if (group.length === 0) break;
      for (const [question, answer] of await askTwin(using, current, group)) {
        if (answer.state !== 'unavailable') remember(store, keyOf(question), answer);
        // Asked again while it was being answered.
        if (version === asked) pending.delete(keyOf(question));
      }
    }
  };

  return {
    twin,
    planner: {
      get version() { return `${version}:${isAvailable()}`; },
      plan(question) {
        if (!isAvailable()) return { state: 'unavailable' };
        const key = keyOf(question);
        const known = answers.get(key);
        if (known) return known;
        pending.delete(key);
        pending.set(key, question);
        return { state: 'pending' };
      },
    },
    use(next) {
      const before = version;
      catalog = next;
      version = next === undefined ? '' : `${next.version}/${next.statistics?.version ?? ''}`;
      if (version === before) return;
      pending = new Map();
      answers = byCatalog.get(version) ?? new Map();
      byCatalog.delete(version);
      byCatalog.set(version, answers);
      const [oldest] = byCatalog.keys();
      if (byCatalog.size > MAX_CATALOGS && oldest !== undefined) byCatalog.delete(oldest);
    },
    get waiting() { return pending.size; },
    settle() {
      if (!twin || pending.size === 0) return running ?? Promise.resolve(false);
      running ??= inTurn(twin, () => answerAll(twin)).then(() => true).finally(() => { running = undefined; });
      return running;
    },
  };
}

/** The last work of each twin. A twin holds one schema: to and fro between two it would make both anew for every question. */
const turns = new WeakMap<Twin, Promise<unknown>>();

function inTurn<T>(twin: Twin, work: () => Promise<T>): Promise<T> {
  const result = (turns.get(twin) ?? Promise.resolve()).then(work);
  turns.set(twin, result.catch(() => undefined));
  return result;
}

const keyOf = ({ sql, add, drop, settings }: PlanQuestion): string => (add ?? drop ?? settings ? JSON.stringify([sql, add, drop, settings]) : sql);

function remember(store: Map<string, PlanAnswer>, key: string, answer: PlanAnswer): void {
  store.set(key, answer);
  const [oldest] = store.keys();
  if (store.size > MAX_ANSWERS && oldest !== undefined) store.delete(oldest);
}

/** Takes the newest question out, and with it those about the same statement: their what-ifs are one request. */
function takeNewest(pending: Map<string, PlanQuestion>): readonly PlanQuestion[] {
  const newest = [...pending.values()].at(-1);
  const group: PlanQuestion[] = [];
  for (const [key, question] of pending) {
    if (question.sql !== newest?.sql || JSON.stringify(question.settings) !== JSON.stringify(newest.settings)) continue;
    pending.delete(key);
    group.push(question);
  }
  return group;
}

type Answered = readonly [PlanQuestion, PlanAnswer];

async function askTwin(twin: Twin, catalog: Catalog, group: readonly PlanQuestion[]): Promise<readonly Answered[]> {
  const whatIfs = group.filter((q) => q.add !== undefined && q.drop === undefined);
  const others = group.filter((q) => !whatIfs.includes(q));
  const answered: Answered[] = [];
  for (const question of others) answered.push([question, await answer(async () => askOne(twin, catalog, question))]);
  const [first] = whatIfs;
  if (!first) return answered;
  const sets = whatIfs.map((q): readonly HypotheticalIndex[] => q.add ?? []);
  try {
    const plans = await twin.whatIf(catalog, first.sql, sets, { settings: first.settings });
    return [...answered, ...whatIfs.map((q, i): Answered => [q, plans[i] ? { state: 'planned', plan: plans[i] } : { state: 'refused', reason: 'the planner gave no answer' }])];
  } catch (error) {
    // One index of the sets may be at fault: each set is asked alone.
    if (sets.length === 1) return [...answered, [first, toAnswer(error)]];
    for (const question of whatIfs) answered.push([question, await answer(async () => (await twin.whatIf(catalog, question.sql, [question.add ?? []], { settings: question.settings }))[0])]);
    return answered;
  }
}

async function askOne(twin: Twin, catalog: Catalog, { sql, add, drop, settings }: PlanQuestion): Promise<PlannedStatement | undefined> {
  if (drop === undefined) return twin.plan(catalog, sql, { settings });
  if (add !== undefined) throw new TwinError('refused', 'indexes cannot be added and dropped in one question');
  return twin.without(catalog, sql, drop, { settings });
}

async function answer(ask: () => Promise<PlannedStatement | undefined>): Promise<PlanAnswer> {
  try {
    const plan = await ask();
    return plan ? { state: 'planned', plan } : { state: 'refused', reason: 'the planner gave no answer' };
  } catch (error) {
    return toAnswer(error);
  }
}

/** A statement on which the twin died or hung is not asked again. */
const toAnswer = (error: unknown): PlanAnswer =>
  error instanceof TwinError && error.kind === 'unavailable' ? { state: 'unavailable' } : { state: 'refused', reason: error instanceof Error ? error.message : String(error) };
