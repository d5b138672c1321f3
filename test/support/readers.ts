import { createFlowGraph } from '../../server/src/core/calls/graph';
import { buildCatalog, type SchemaStep } from '../../server/src/core/catalog/build';
import type { Catalog } from '../../server/src/core/catalog/model';
import type { MigrationFormat } from '../../server/src/core/catalog/schemaSources';
import type { HostFile } from '../../server/src/core/hosts/ir';
import { defaultSettings } from '../../server/src/core/lint/defaults';
import { lintFile, UNUSED_SUPPRESSION, type LintResult } from '../../server/src/core/lint/linter';
import type { CreatedFile, Finding, Fix, LintSettings, Rule } from '../../server/src/core/lint/rule';
import { countSyntaxErrors } from '../../server/src/core/lint/verifyFix';
import { createHistories, type FindHistory } from '../../server/src/core/migrations/history';
import { hostSpan } from '../../server/src/core/text/span';
import type { SqlAnalyser } from '../../server/src/core/sql/ports';
import { splitStatements } from '../../server/src/core/sql/split';
import { indexModels, type ModelIndex } from '../../server/src/core/hosts/models';
import { readPrismaSchema } from '../../server/src/core/hosts/prismaSchema';
import type { HostEnvironment } from '../../server/src/core/hosts/host';
import { readPython } from '../../server/src/core/hosts/python';
import { readSqlFile } from '../../server/src/core/hosts/sqlFile';
import { readTypeScript } from '../../server/src/core/hosts/typescript';
import { createSqlAnalyser } from '../../server/src/parser/sql/analyser';
import { createSyntaxParser } from '../../server/src/parser/treeSitter';
import type { Planner } from '../../server/src/core/plan/planner';
import { resolver } from './flowWorkspace';
import { createPlanning, MAX_PLANNER_ROUNDS } from '../../server/src/workspace/planning';

export type Language = 'sql' | 'typescript' | 'python';

const EXTENSIONS: Readonly<Record<Language, string>> = { sql: 'sql', typescript: 'ts', python: 'py' };

/** The parsers and readers of all languages. */
export interface Readers {
  readonly sql: SqlAnalyser;
  read(uri: string, text: string, language: Language, models?: ModelIndex): HostFile;
}

let readers: Promise<Readers> | undefined;
/** Loaded once per test process. */
export const loadReaders = (): Promise<Readers> => (readers ??= createReaders());

async function createReaders(): Promise<Readers> {
  const [sql, syntax] = await Promise.all([createSqlAnalyser(), createSyntaxParser()]);
  return {
    sql,
    read(uri, text, language, models = new Map()) {
      const environment: HostEnvironment = { split: splitStatements, models };
      if (language === 'sql') return readSqlFile(uri, text, environment);
      const tree = syntax.parse(language, text);
      try {
        return (language === 'python' ? readPython : readTypeScript)(uri, text, tree, environment);
      } finally {
        tree.dispose();
      }
    },
  };
}

/** Schema changes of a DDL text become a catalog; undefined for no text. */
export function readCatalog(sql: SqlAnalyser, ddl: readonly string[], assume: Readonly<Record<string, number>> = {}): Catalog | undefined {
  if (ddl.every((text) => text.trim() === '')) return undefined;
  const steps = ddl.flatMap((text) => splitStatements(text, { psql: true }).map((span) => ({ changes: sql.schemaChanges(text.slice(span.start, span.end)) })));
  return buildCatalog({ source: 'schema', label: 'schema.sql', steps, assume });
}

export interface LintCase {
  readonly language: Language;
  readonly code: string;
  readonly schema?: string;
  readonly settings?: Partial<LintSettings>;
  /** Path of the document, for rules that look at it. */
  readonly path?: string;
  readonly role?: HostFile['role'];
  /** Other files of the workspace by path, which code of the document imports. */
  readonly beside?: Readonly<Record<string, string>>;
  /** Of a file below `migrations/`: how the tool runs it, and how many files run after it. */
  readonly format?: MigrationFormat;
  readonly later?: number;
  /** Migrations that run after it. */
  readonly after?: readonly CreatedFile[];
  /** Checked by the real planner twin over the schema, with the volumes of `settings.assume`. */
  readonly planner?: boolean;
  /** A Prisma schema beside the document. */
  readonly prisma?: string;
  /** The catalog is what the document's own model declarations say. */
  readonly models?: boolean;
  /** Changes the catalog before it is used: statistics, a server's facts. */
  readonly catalog?: (catalog: Catalog) => Catalog;
}

export interface CaseResult extends LintResult {
  readonly file: HostFile;
  readonly errors: number;
}

/** A rule offers no kind of fix but those that it declares. */
function refuseUndeclared(rules: readonly Rule[], finding: Finding): void {
  const fixes = finding.fixes;
  const declared = rules.find((rule) => rule.id === finding.rule)?.fixKinds;
  Object.assign(finding, { fixes: (): readonly Fix[] => fixes().map((fix) => {
    if (declared?.includes(fix.kind) !== true && finding.rule !== UNUSED_SUPPRESSION) throw new Error(`${finding.rule} offers a fix of the kind ${fix.kind}, which it does not declare`);
    return fix;
  }) });
}

/** Reads and lints one document as the workspace does: real readers, real catalog, real call graph. */
export async function lintCase(rules: readonly Rule[], { language, code, schema = '', settings = {}, path, role, beside = {}, format, later = 0, after = [], planner = false, models = false, prisma, catalog: change = (c) => c }: LintCase): Promise<CaseResult> {
  const { read: readWith, sql } = await loadReaders();
  const declared = prisma === undefined ? undefined : indexModels(readPrismaSchema('file:///workspace/prisma/schema.prisma', prisma).models);
  const read: Readers['read'] = (at, text, of) => readWith(at, text, of, declared);
  const uri = `file:///workspace/${path ?? `src/case.${EXTENSIONS[language]}`}`;
  const merged: LintSettings = { ...defaultSettings, ...settings };
  const planning = createPlanning(planner ? (await import('./twin')).sharedTwin() : undefined);
  const catalogWith = (creates: readonly CreatedFile[]): Catalog | undefined => {
    const catalog = models ? buildCatalog({ source: 'models', label: 'models', steps: read(uri, code, language).models.map((model) => ({ changes: model.changes })), assume: merged.assume }) : readCatalog(sql, [schema, ...creates.map((c) => c.sql ?? c.text)], merged.assume);
    return catalog && change(catalog);
  };
  // A file among migrations is a step of their history: the schema is what ran before it, files that a fix writes run after it.
  const isMigration = language === 'sql' && /(?:^|\/)migrations\//.test(path ?? '');
  const stepsOf = (at: string, ddl: string): readonly SchemaStep[] => splitStatements(ddl, { psql: true }).map((span) => ({ changes: sql.schemaChanges(ddl.slice(span.start, span.end)), site: { uri: at, span: hostSpan(span.start, span.end) } }));
  const historyWith = (text: string, creates: readonly CreatedFile[]): { readonly catalog: Catalog; readonly history: FindHistory } => {
    const files = [['file:///workspace/before.sql', schema], [uri, text], ...creates.map((file) => [`file:///workspace/${file.path}`, file.sql ?? file.text] as const)] as const;
    const steps = new Map(files.map(([at, ddl]) => [at, stepsOf(at, ddl)] as const));
    const catalog = buildCatalog({ source: 'migrations', label: 'migrations', steps: [...steps.values()].flat(), assume: merged.assume });
    return { catalog: change(catalog), history: createHistories([{ kind: 'migrations', format, uris: [...files.map(([at]) => at), ...Array.from({ length: later }, (_, i) => `later${i}`)], stepsOf: (at) => steps.get(at) ?? [] }]) };
  };
  const own = catalogWith([]);
  planning.use(own);
  const lint = (text: string, creates: readonly CreatedFile[], using: Planner | undefined): CaseResult => {
    const known = read(uri, text, language);
    const file = role ? { ...known, role } : known;
    const flow = createFlowGraph(resolver(new Map([...Object.entries(beside), [uri.slice('file:///workspace/'.length), code]])));
    flow.set(file);
    for (const [at, other] of Object.entries(beside)) flow.set(read(`file:///workspace/${at}`, other, at.endsWith('.py') ? 'python' : 'typescript'));
    const written = isMigration ? historyWith(text, [...after, ...creates]) : undefined;
    const catalog = written ? written.catalog : creates.length > 0 ? catalogWith(creates) : own;
    const result = lintFile({
      file, text, catalog, settings: merged, sql, flow, rules, planner: using, history: written?.history,
      relint: (changed, created, planned) => {
        const again = lint(changed, [...creates, ...created], !planned ? undefined : created.length > 0 ? { plan: () => ({ state: 'pending' }) } : planning.planner);
        return { findings: again.findings, errors: again.errors };
      },
    });
    return { ...result, file, errors: countSyntaxErrors(file, sql) };
  };
  let result = lint(code, [], planning.planner);
  for (let round = 0; result.pending && round < MAX_PLANNER_ROUNDS && (await planning.settle()); round++) result = lint(code, [], planning.planner);
  for (const finding of result.findings) refuseUndeclared(rules, finding);
  return result;
}
