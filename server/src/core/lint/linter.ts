import { coverHoles } from '../advice/holes';
import type { FlowGraph } from '../calls/flow';
import type { Catalog } from '../catalog/model';
import type { HostFile, QuerySite, SuppressionComment } from '../hosts/ir';
import type { StatementModel } from '../sql/model';
import { noPlanner, type PlanAnswer, type Planner, type PlanQuestion } from '../plan/planner';
import type { FindHistory } from '../migrations/history';
import { readMigrationFile, type MigrationFile } from '../migrations/migrationFile';
import { displaySql, withHostNames } from '../sql/display';
import type { SqlAnalyser } from '../sql/ports';
import { containsSpan, overlaps, spanText, type HostOffset, type HostSpan } from '../text/span';
import type { CachedDraft, CacheKey, LintCache } from './cache';
import { isRuleActive, resolveOption, resolveSeverity } from './defaults';
import { FingerprintCounter } from './fingerprint';
import type { KeptDraft, MigrationCache, MigrationState } from './migrationCache';
import { closeBrackets, findPlace, trimBlanks } from './place';
import type { Finding, FindingDraft, Fix, FlowContext, FlowRule, LintSettings, MigrationRule, Question, Rule, StatementContext, StatementRule } from './rule';
import { CALL_GRAPH, type RuleTimer } from './ruleTimer';
import { createSuppressions, describeUnused } from './suppressions';
import { findTestModules } from './testModules';
import { describeHeat, usageEvidence, type StatementUsage } from './usage';
import { verifyFixes, type Relint } from './verifyFix';

/** Id of the findings about suppression comments that silence nothing. Not a rule: it has no check. */
export const UNUSED_SUPPRESSION = 'unused-suppression';

export interface LintRequest {
  readonly file: HostFile;
  readonly text: string;
  readonly catalog: Catalog | undefined;
  readonly settings: LintSettings;
  readonly sql: SqlAnalyser;
  readonly flow: FlowGraph;
  readonly rules: readonly Rule[];
  /** Where files stand in the histories of migrations; left out: every file is the newest. */
  readonly history?: FindHistory;
  /** Left out: no planner is known here. */
  readonly planner?: Planner;
  /** Path relative to the workspace, for fingerprints; the uri where left out. */
  readonly path?: string;
  /** Keeps the drafts of unchanged statements between runs, as far as they follow from the statement and its site alone. */
  readonly cache?: LintCache;
  /** The same for what the migration rules say of a whole document. */
  readonly migrationCache?: MigrationCache;
  /** Counts the changes of other files than this one: what hangs on them holds while it is the same. */
  readonly others?: number;
  /** What a server has counted for a query of any file; left out: nothing is known. */
  usage?(uri: string, site: QuerySite): StatementUsage | undefined;
  /** Text of another document; left out: none is known. */
  textOf?(uri: string): string | undefined;
  /** Re-reads and re-lints a changed text; with it, fixes are verified before they are offered. */
  readonly relint?: Relint;
  /** Measures the rules; left out: nothing is measured. */
  readonly timer?: RuleTimer;
}

export interface LintResult {
  /** In order of position; findings about unused suppressions included. */
  readonly findings: readonly Finding[];
  readonly unusedSuppressions: readonly SuppressionComment[];
  /** Rules that threw, one entry each. Their other findings stand. */
  readonly failures: readonly RuleFailure[];
  /** The planner has been asked something that it has not answered yet: lint again when it has. */
  readonly pending: boolean;
}

export interface RuleFailure {
  readonly rule: string;
  readonly uri: string;
  /** Where the statement stands on which the rule failed. */
  readonly span?: HostSpan;
  readonly message: string;
}

/** A draft in its place, before it becomes a finding. */
interface Placed {
  readonly rule: Rule;
  readonly draft: Omit<FindingDraft, 'fixes'>;
  readonly span: HostSpan;
  readonly site?: QuerySite;
  readonly model?: StatementModel;
  readonly fixes: () => readonly Fix[];
}

/**
 * Runs the rules over one document. Never throws: a rule that does is one entry in `failures`.
 * Cost: each active rule once per statement, for statements found in `cache` only the rules that looked beyond them. Fixes
 * are computed when asked for.
 */
export function lintFile(request: LintRequest): LintResult {
  const { file, settings, rules } = request;
  const active = rules.filter((rule) => isRuleActive(rule, file.role, settings));
  const failures = new Map<string, RuleFailure>();
  const fail = (rule: Rule, error: unknown, span?: HostSpan): void => {
    if (!failures.has(rule.id)) failures.set(rule.id, { rule: rule.id, uri: file.uri, span, message: error instanceof Error ? error.message : String(error) });
  };
  const placed: Placed[] = [];
  let pending = false;
  // The first rule that follows a call would pay for what has changed in the graph.
  request.timer?.check(CALL_GRAPH, () => request.flow.file(file.uri));
  if (active.length > 0) {
    const statementRules = active.filter((rule): rule is StatementRule => rule.scope === 'statement');
    const key: CacheKey | undefined = request.cache && { uri: file.uri, role: file.role, catalogVersion: request.catalog?.version, plannerVersion: request.planner?.version, settings, rules };
    for (const site of file.sites) {
      const model = site.source && request.sql.analyse(site.source);
      if (!model) continue;
      const statement = lintStatement(request, site, model, statementRules, key, fail);
      placed.push(...statement.placed);
      pending ||= statement.pending;
    }
    for (const rule of active) if (rule.scope === 'flow') placed.push(...lintFlow(request, rule, fail));
    const migrationRules = active.filter((rule): rule is MigrationRule => rule.scope === 'migration');
    if (migrationRules.length > 0) placed.push(...lintMigration(request, migrationRules, fail));
  }
  return { ...finish(request, placed, active, [...failures.values()]), pending };
}

type Fail = (rule: Rule, error: unknown, span?: HostSpan) => void;

function lintStatement(request: LintRequest, site: QuerySite, model: StatementModel, rules: readonly StatementRule[], key: CacheKey | undefined, fail: Fail): { readonly placed: readonly Placed[]; readonly pending: boolean } {
  const cached = key && request.cache?.get(model, site, key);
  const known = cached && [...cached.answers].every(([question, answer]) => answerOf(request, question) === answer) ? cached : undefined;
  if (known?.again.length === 0 && known.drafts.length === 0) return nothingFound;
  const kept: CachedDraft[] = [...(known?.drafts ?? [])];
  const fresh: CachedDraft[] = [];
  const again: StatementRule[] = [];
  const answers = new Map(known?.answers);
  let pending = false;
  for (const rule of known?.again ?? rules) {
    const run = runStatement(request, site, model, rule, fail);
    const lasts = !run.pending && !run.strayed && run.drafts.every((draft) => 'sql' in draft.at && !draft.related?.length);
    for (const [index, { fixes, ...draft }] of run.drafts.entries()) (lasts ? kept : fresh).push({ rule, draft, hasFixes: fixes !== undefined, index });
    if (!lasts) again.push(rule);
    else for (const [question, answer] of run.answers) answers.set(question, answer);
    pending ||= run.pending;
  }
  if (key && (!known || again.length < known.again.length)) request.cache?.set(model, site, key, { drafts: kept, answers, again });
  const placed = [...kept, ...fresh].flatMap(({ rule, draft, hasFixes, index }): readonly Placed[] => {
    const place = 'sql' in draft.at ? findPlace(site, coverHoles(model, draft.at.sql)) : draft.at.host;
    const trimmed = place && trimBlanks(request.text, place);
    const span = trimmed && site.chain.length > 0 && 'sql' in draft.at ? closeBrackets(request.text, trimmed) : trimmed;
    if (!span) return [];
    // A cached draft was made when the statement stood elsewhere: its fixes are computed again, where it stands now.
    const fixes = (): readonly Fix[] => runStatement(request, site, model, rule, fail).drafts[index]?.fixes?.() ?? [];
    return [{ rule, draft, span, site, model, fixes: hasFixes ? guardedFixes(rule, fixes, fail, span) : () => [] }];
  });
  return { placed, pending };
}

function runStatement(request: LintRequest, site: QuerySite, model: StatementModel, rule: StatementRule, fail: Fail): StatementRun {
  const run = new StatementRun(request, rule, site, model);
  try {
    if (request.timer) request.timer.check(rule.id, () => rule.check(run));
    else rule.check(run);
  } catch (error) {
    run.strayed = true;
    fail(rule, error, site.span);
  }
  return run;
}

const timed = ({ timer }: LintRequest, rule: Rule, work: () => void): void => (timer ? timer.check(rule.id, work) : work());

function lintFlow(request: LintRequest, rule: FlowRule, fail: Fail): readonly Placed[] {
  const drafts: FindingDraft[] = [];
  try {
    timed(request, rule, () => rule.check(contextFor(request, rule, drafts)));
  } catch (error) {
    fail(rule, error);
  }
  return placeDrafts(request, rule, drafts, fail);
}

/** Drafts in the document. */
function placeDrafts({ sql }: LintRequest, rule: Rule, drafts: readonly FindingDraft[], fail: Fail): readonly Placed[] {
  return drafts.flatMap((draft): readonly Placed[] => {
    const span = 'host' in draft.at ? draft.at.host : undefined;
    const { site } = draft;
    return span ? [{ rule, draft, span, site, model: site?.source && sql.analyse(site.source), fixes: guardedFixes(rule, () => draft.fixes?.() ?? [], fail, span) }] : [];
  });
}

function lintMigration(request: LintRequest, rules: readonly MigrationRule[], fail: Fail): readonly Placed[] {
  const { file, text, migrationCache: cache, settings, history, others = 0 } = request;
  const state: MigrationState | undefined = cache && { catalogVersion: request.catalog?.version, plannerVersion: request.planner?.version, settings, rules: request.rules, history, others };
  const known = state && cache?.get(file, text, state);
  if (known) {
    return known.flatMap(({ rule, draft, hasFixes, index }) => placeDrafts(request, rule, [hasFixes ? { ...draft, fixes: () => checkMigration(request, readMigrationFile(request), rule, fail)[index]?.fixes?.() ?? [] } : draft], fail));
  }
  const migration = readMigrationFile(request);
  const kept: KeptDraft[] = [];
  let failed = false;
  const placed = rules.flatMap((rule) => {
    const drafts = checkMigration(request, migration, rule, (...error) => {
      failed = true;
      fail(...error);
    });
    for (const [index, { fixes, ...draft }] of drafts.entries()) if ('host' in draft.at) kept.push({ rule, draft: { ...draft, at: draft.at }, hasFixes: fixes !== undefined, index });
    return placeDrafts(request, rule, drafts, fail);
  });
  if (!failed && state) cache?.set(file, text, state, kept);
  return placed;
}

function checkMigration(request: LintRequest, migration: MigrationFile | undefined, rule: MigrationRule, fail: Fail): readonly FindingDraft[] {
  const drafts: FindingDraft[] = [];
  if (migration === undefined) return drafts;
  try {
    timed(request, rule, () => rule.check({ ...contextFor(request, rule, drafts), migration }));
  } catch (error) {
    fail(rule, error);
  }
  return drafts;
}

function guardedFixes(rule: Rule, fixes: () => readonly Fix[], fail: Fail, span: HostSpan): () => readonly Fix[] {
  return () => {
    try {
      return fixes();
    } catch (error) {
      fail(rule, error, span);
      return [];
    }
  };
}

function contextFor(request: LintRequest, rule: Rule, drafts: FindingDraft[]): FlowContext {
  const { file, text, catalog, settings, sql, flow, planner = noPlanner } = request;
  return {
    file, text, catalog, settings, sql, flow, planner,
    textOf: (uri) => (uri === file.uri ? text : request.textOf?.(uri)),
    option: <T>(name: string): T => resolveOption(rule, name, settings) as T,
    report: (draft) => void drafts.push(draft),
  };
}

function finish(request: LintRequest, placed: readonly Placed[], active: readonly Rule[], failures: readonly RuleFailure[]): Omit<LintResult, 'pending'> {
  const { file, text, settings } = request;
  const suppressions = createSuppressions(text, file.suppressions);
  const counter = new FingerprintCounter();
  const path = request.path ?? file.uri;
  const ordered = [...placed].sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end || compareText(a.rule.id, b.rule.id));
  const findings: Finding[] = [];
  const tests = findTestModules(file, text);
  let last: Placed | undefined;
  for (const item of ordered) {
    const starts: HostOffset[] = [item.span.start];
    if (item.site) starts.push(item.site.span.start, item.site.anchor.start);
    if (suppressions.silences(item.rule.id, starts) || tests.some((module) => containsSpan(module, item.span))) continue;
    // One piece of text that several statements take in is reported once.
    if (last?.rule.id === item.rule.id && last.span.start === item.span.start && last.span.end === item.span.end && last.draft.message === item.draft.message) continue;
    last = item;
    findings.push(toFinding(request, item, resolveSeverity(item.rule, item.draft.severity, file.role, settings), counter, path));
  }
  // Only the rules that ran can prove a comment useless; a failed rule proves nothing.
  const ran = new Set(active.map((rule) => rule.id).filter((id) => !failures.some((f) => f.rule === id)));
  const allRan = active.length === request.rules.length && failures.length === 0;
  const unused = suppressions.unused(ran).filter((comment) => comment.rules.length > 0 || allRan);
  const reported = settings.rules[UNUSED_SUPPRESSION]?.severity;
  if (reported !== 'off') {
    for (const comment of unused) {
      const { message, span } = describeUnused(comment);
      const fixes = (): readonly Fix[] => [{ title: 'Remove the comment', kind: 'safe', edits: [{ uri: file.uri, span: commentLine(text, span), text: '' }] }];
      findings.push({ rule: UNUSED_SUPPRESSION, severity: reported ?? 'info', uri: file.uri, span, message, confidence: 'text', evidence: {}, related: [], fingerprint: counter.next(UNUSED_SUPPRESSION, path, undefined, spanText(text, span)), fixes });
    }
    findings.sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end || compareText(a.rule, b.rule));
  }
  return { findings, unusedSuppressions: unused, failures };
}

function toFinding(request: LintRequest, item: Placed, severity: Finding['severity'], counter: FingerprintCounter, path: string): Finding {
  const { draft, span, rule, site } = item;
  const usage = request.usage && findUsage(request, item);
  const readable = (sentence: string): string => (site?.source && item.model ? withHostNames(sentence, site.source, item.model) : sentence);
  const because = [usage && describeHeat(usage), draft.because].filter(Boolean).join('\n');
  const finding: Finding = {
    rule: rule.id, severity, uri: request.file.uri, span,
    message: readable(draft.message), because: because === '' ? undefined : readable(because), confidence: draft.confidence,
    evidence: { ...draft.evidence, ...(usage ? usageEvidence(usage) : {}) }, related: draft.related ?? [],
    get sql() { return site?.source && item.model ? displaySql(site.source, item.model) : undefined; },
    fingerprint: counter.next(rule.id, path, site?.source, spanText(request.text, span)),
    fixes: () => {
      const compute = (): readonly Fix[] => {
        const offered = item.fixes().map((fix) => withLineEnds(fix, request.file.uri, request.text));
        return request.relint ? verifyFixes(request.text, finding, offered, request.relint, request.textOf) : offered;
      };
      return request.timer ? request.timer.fix(rule.id, compute) : compute();
    },
  };
  return finding;
}

/** Lines that a fix adds end as the document's do. */
const withLineEnds = (fix: Fix, uri: string, text: string): Fix =>
  text.includes('\r\n') && fix.edits.some((edit) => /(?<!\r)\n/.test(edit.text)) ? { ...fix, edits: fix.edits.map((edit) => (edit.uri === uri ? { ...edit, text: edit.text.replaceAll(/\r?\n/g, '\r\n') } : edit)) } : fix;

/** Of the statement that the finding is about, or that its path leads to. */
function findUsage({ file, flow, usage }: LintRequest, { site, draft: { query } }: Placed): StatementUsage | undefined {
  if (site) return usage?.(file.uri, site);
  if (!query) return undefined;
  const found = (query.uri === file.uri ? file : flow.file(query.uri))?.sites.find((other) => overlaps(other.anchor, query.span));
  return found && usage?.(query.uri, found);
}

/** The comment with the whole line where nothing else stands on it. */
function commentLine(text: string, span: HostSpan): HostSpan {
  const start = text.lastIndexOf('\n', span.start - 1) + 1;
  const newline = text.indexOf('\n', span.end);
  const end = newline < 0 ? text.length : newline + 1;
  const alone = text.slice(start, span.start).trim() === '' && text.slice(span.end, end).trim() === '';
  return alone ? { start: start as HostOffset, end: end as HostOffset } : span;
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const nothingFound: { readonly placed: readonly Placed[]; readonly pending: boolean } = { placed: [], pending: false };
const noDrafts: readonly FindingDraft[] = [];
const noAnswers: ReadonlyMap<Question, boolean> = new Map();

/** One answer for all statements of a run. */
const answersOf = new WeakMap<LintRequest, Map<Question, boolean>>();

function answerOf(request: LintRequest, question: Question): boolean {
  const known = answersOf.get(request) ?? new Map<Question, boolean>();
  const answer = known.get(question) ?? question(request);
  answersOf.set(request, known.set(question, answer));
  return answer;
}


/** What a rule sees of a statement. There is one per rule and statement at every keystroke, and most report nothing: small. */
class StatementRun implements StatementContext, Planner {
  drafts = noDrafts;
  /** The rule has asked the planner something that is not known yet. */
  pending = false;
  /** The rule has looked beyond the statement and its site, or failed: what it said holds for this version of the document alone. */
  strayed = false;
  answers = noAnswers;

  constructor(
    private readonly request: LintRequest,
    private readonly rule: Rule,
    readonly site: QuerySite,
    readonly model: StatementModel,
  ) {}

  get uri(): string { return this.request.file.uri; }
  get role(): HostFile['role'] { return this.request.file.role; }
  get file(): HostFile { return this.stray().file; }
  get text(): string { return this.stray().text; }
  get catalog(): Catalog | undefined { return this.request.catalog; }
  get settings(): LintSettings { return this.request.settings; }
  get sql(): SqlAnalyser { return this.request.sql; }
  get flow(): FlowGraph { return this.stray().flow; }
  get planner(): Planner { return this; }

  ask(question: Question): boolean {
    const answer = answerOf(this.request, question);
    this.answers = new Map(this.answers).set(question, answer);
    return answer;
  }

  private stray(): LintRequest {
    this.strayed = true;
    return this.request;
  }

  plan(question: PlanQuestion): PlanAnswer {
    const answer = (this.request.planner ?? noPlanner).plan(question);
    if (answer.state === 'pending') this.pending = true;
    return answer;
  }

  // Functions of their own, so that a rule may take them apart; made only when a rule has something to say.
  get option() {
    return <T>(name: string): T => resolveOption(this.rule, name, this.request.settings) as T;
  }

  get report() {
    return (draft: FindingDraft): void => {
      this.drafts = [...this.drafts, draft];
    };
  }
}
