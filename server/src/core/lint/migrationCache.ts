import type { FindHistory } from '../migrations/history';
import { schemaSites } from '../migrations/migrationFile';
import type { HostFile, QuerySite } from '../hosts/ir';
import type { SqlSource } from '../sql/source';
import { containsSpan, hostSpan, type HostSpan } from '../text/span';
import type { FindingDraft, LintSettings, MigrationRule, Rule } from './rule';

/** A draft of a migration rule as it may be kept. Its fixes are computed again where the statements stand. */
export interface KeptDraft {
  readonly rule: MigrationRule;
  readonly draft: Omit<FindingDraft, 'fixes'> & { readonly at: { readonly host: HostSpan } };
  readonly hasFixes: boolean;
  /** Position among the drafts of its rule. */
  readonly index: number;
}

/** What must be equal for the drafts of a file to hold again. */
export interface MigrationState {
  readonly catalogVersion: string | undefined;
  readonly plannerVersion: string | undefined;
  readonly settings: LintSettings;
  readonly rules: readonly Rule[];
  readonly history: FindHistory | undefined;
  /** Counts the changes of other files. */
  readonly others: number;
}

/** Remembers what the migration rules said of a document while it is edited elsewhere than in the statements that change the schema. */
export interface MigrationCache {
  /** The drafts where they stand now; undefined: the rules have to be asked. */
  get(file: HostFile, text: string, state: MigrationState): readonly KeptDraft[] | undefined;
  set(file: HostFile, text: string, state: MigrationState, drafts: readonly KeptDraft[]): void;
}

interface Statement {
  readonly site: QuerySite;
  readonly source: SqlSource | undefined;
  readonly within: string | undefined;
}

interface Entry {
  readonly state: MigrationState;
  readonly statements: readonly Statement[];
  /** Statements of every kind: one more may put the file's others into a transaction. */
  readonly count: number;
  readonly drafts: readonly KeptDraft[];
}

/** Words by which a migration tool is told, in comments, how it runs the file. */
const sections = /\+goose|\+migrate|migrate:|no-transaction/i;
const takesAway = /\b(?:drop|rename)\b/i;

export function createMigrationCache(): MigrationCache {
  const entries = new Map<string, Entry>();
  return {
    get(file, text, state) {
      const entry = entries.get(file.uri);
      if (!entry || !isSame(entry.state, state) || !isKept(file, text)) return undefined;
      const statements = statementsOf(file);
      if (countOf(file) !== entry.count || statements.length !== entry.statements.length || !statements.every((one, i) => one.source === entry.statements[i]?.source && one.within === entry.statements[i]?.within)) return undefined;
      return move(entry.drafts, entry.statements, statements, file.uri);
    },
    set(file, text, state, drafts) {
      const statements = statementsOf(file);
      // What stands outside of the statements has no place to be found again.
      if (isKept(file, text) && move(drafts, statements, statements, file.uri)) entries.set(file.uri, { state, statements, count: countOf(file), drafts });
      else entries.delete(file.uri);
    },
  };
}

const isKept = (file: HostFile, text: string): boolean => file.migration === undefined && !(file.language === 'sql' && sections.test(text));

const countOf = (file: HostFile): number => file.sites.filter(({ functionId }) => functionId === undefined).length;

/** The statements that count: those of the schema; all, where something is taken away that another one may use. */
function statementsOf(file: HostFile): readonly Statement[] {
  const own = schemaSites(file);
  const counted = own.some(({ source }) => source && takesAway.test(source.text)) ? file.sites : own;
  return counted.map((site) => ({ site, source: site.complete ? site.source : undefined, within: site.functionId === undefined ? undefined : file.functions[site.functionId]?.name }));
}

function move(drafts: readonly KeptDraft[], before: readonly Statement[], now: readonly Statement[], uri: string): readonly KeptDraft[] | undefined {
  const moved: KeptDraft[] = [];
  const place = (span: HostSpan): { readonly span: HostSpan; readonly site: QuerySite } | undefined => {
    const index = before.findIndex(({ site }) => containsSpan(site.span, span));
    const [from, to] = [before[index]?.site, now[index]?.site];
    const delta = from && to ? to.span.start - from.span.start : 0;
    return from && to && { span: delta === 0 ? span : hostSpan(span.start + delta, span.end + delta), site: to };
  };
  for (const kept of drafts) {
    const { draft } = kept;
    const at = place(draft.at.host);
    const related = draft.related?.map((one) => (one.uri === uri ? { one, to: place(one.span)?.span } : { one, to: one.span }));
    if (!at || draft.query?.uri === uri || related?.some(({ to }) => to === undefined)) return undefined;
    moved.push({ ...kept, draft: { ...draft, at: { host: at.span }, ...(draft.site ? { site: at.site } : {}), ...(related ? { related: related.map(({ one, to }) => ({ ...one, span: to ?? one.span })) } : {}) } });
  }
  return moved;
}

const isSame = (a: MigrationState, b: MigrationState): boolean =>
  a.catalogVersion === b.catalogVersion && a.plannerVersion === b.plannerVersion && a.settings === b.settings && a.rules === b.rules && a.history === b.history && a.others === b.others;
