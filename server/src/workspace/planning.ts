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

/**
 * Milliseconds after which a question on which the twin died or hung is asked again: what was at fault may have been another
 * statement, or the machine. First behind what else is asked, then after a while, then no more.
 */
const RETRY_AFTER = [0, 60_000] as const;

/** What is known about one catalog. */
interface Answers {
  readonly known: Map<string, PlanAnswer>;
  /** Questions on which the twin died or hung: how often, and when they may be asked again. */
  readonly failed: Map<string, { readonly times: number; readonly retryAt: number }>;
}

/** @param now milliseconds, for tests */
export function createPlanning(twin: Twin | undefined, now: () => number = Date.now): Planning {
  const byCatalog = new Map<string, Answers>();
  let catalog: Catalog | undefined;
  let version = '';
  let answers: Answers = { known: new Map(), failed: new Map() };
  /** Questions that were asked once more. */
  let retried = 0;
  let pending = new Map<string, PlanQuestion>();
  let running: Promise<boolean> | undefined;

  const isAvailable = (): boolean => twin !== undefined && catalog !== undefined && twin.status().state !== 'failed';

  const answerAll = async (using: Twin): Promise<void> => {
    while (isAvailable() && catalog) {
      // One statement at a time, the one asked about last: what is being typed does not wait behind what was asked before it.
      const [current, asked, store, group] = [catalog, version, answers, takeNewest(pending)];
      if (group.length === 0) break;
      for (const { question, answer, failed } of await askTwin(using, current, group)) {
        const key = keyOf(question);
        if (answer.state !== 'unavailable') remember(store.known, key, answer);
        // Asked again while it was being answered.
        if (version === asked) pending.delete(key);
        const times = (store.failed.get(key)?.times ?? 0) + 1;
        const delay = RETRY_AFTER[times - 1];
        const atOnce = failed && delay === 0 && version === asked;
        if (atOnce) pending = new Map([[key, question], ...pending]);
        if (failed) store.failed.set(key, { times, retryAt: atOnce || delay === undefined ? Infinity : now() + delay });
        else store.failed.delete(key);
      }
    }
  };
  const isDue = (key: string): boolean => {
    const failure = answers.failed.get(key);
    return failure !== undefined && failure.retryAt <= now();
  };

  return {
    twin,
    planner: {
      // Another one when something may be asked again: what was made of the refusal is made anew.
      get version() { return `${version}:${isAvailable()}:${retried + [...answers.failed.keys()].filter((key) => isDue(key)).length}`; },
      plan(question) {
        if (!isAvailable()) return { state: 'unavailable' };
        const key = keyOf(question);
        const known = answers.known.get(key);
        if (known && !isDue(key)) return known;
        const failure = known && answers.failed.get(key);
        if (failure) {
          retried++;
          answers.failed.set(key, { ...failure, retryAt: Infinity });
          answers.known.delete(key);
        }
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
      answers = byCatalog.get(version) ?? { known: new Map(), failed: new Map() };
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

interface Answered {
  readonly question: PlanQuestion;
  readonly answer: PlanAnswer;
  /** The twin died or hung on it: that says little about the question. */
  readonly failed: boolean;
}

async function askTwin(twin: Twin, catalog: Catalog, group: readonly PlanQuestion[]): Promise<readonly Answered[]> {
  const whatIfs = group.filter((q) => q.add !== undefined && q.drop === undefined);
  const others = group.filter((q) => !whatIfs.includes(q));
  const answered: Answered[] = [];
  for (const question of others) answered.push(await answer(question, async () => askOne(twin, catalog, question)));
  const [first] = whatIfs;
  if (!first) return answered;
  const sets = whatIfs.map((q): readonly HypotheticalIndex[] => q.add ?? []);
  try {
    const plans = await twin.whatIf(catalog, first.sql, sets, { settings: first.settings });
    return [...answered, ...whatIfs.map((question, i) => toAnswered(question, plans[i]))];
  } catch (error) {
    // One index of the sets may be at fault: each set is asked alone.
    if (sets.length === 1) return [...answered, toFailed(first, error)];
    for (const question of whatIfs) answered.push(await answer(question, async () => (await twin.whatIf(catalog, question.sql, [question.add ?? []], { settings: question.settings }))[0]));
    return answered;
  }
}

async function askOne(twin: Twin, catalog: Catalog, { sql, add, drop, settings }: PlanQuestion): Promise<PlannedStatement | undefined> {
  if (drop === undefined) return twin.plan(catalog, sql, { settings });
  if (add !== undefined) throw new TwinError('refused', 'indexes cannot be added and dropped in one question');
  return twin.without(catalog, sql, drop, { settings });
}

async function answer(question: PlanQuestion, ask: () => Promise<PlannedStatement | undefined>): Promise<Answered> {
  try {
    return toAnswered(question, await ask());
  } catch (error) {
    return toFailed(question, error);
  }
}

const toAnswered = (question: PlanQuestion, plan: PlannedStatement | undefined): Answered =>
  ({ question, answer: plan ? { state: 'planned', plan } : { state: 'refused', reason: 'the planner gave no answer' }, failed: false });

const toFailed = (question: PlanQuestion, error: unknown): Answered => {
  const kind = error instanceof TwinError ? error.kind : undefined;
  const answer: PlanAnswer = kind === 'unavailable' ? { state: 'unavailable' } : { state: 'refused', reason: error instanceof Error ? error.message : String(error) };
  return { question, answer, failed: kind === 'timeout' || kind === 'crashed' };
};
