import path from 'node:path';
import type { Connection } from 'vscode-languageserver/node';
import { healthMigrationRequest, healthRequest, type HealthMigrationParams, type HealthMigrationResult, type HealthParams, type HealthReport as SentReport, type HealthResult } from '../../../../protocol/health';
import { renderMigrations } from '../../core/catalog/migrations';
import { migrationOfFinding, tableOfFinding } from '../../core/health/about';
import { renderHealthMarkdown } from '../../core/health/markdown';
import type { HealthReport } from '../../core/health/model';
import { rules } from '../../core/rules/index.generated';
import { findConfig } from '../../workspace/configFile';
import { toUri } from '../../workspace/paths';
import type { Project } from '../../workspace/project';
import { createServerSources } from '../../workspace/serverSources';
import { mergeSettings, pickHealth, type HealthSettings } from '../../workspace/settings';
import type { Session } from '../session';

/** The health of a connected database, when a person asks for it. */
export function registerHealth(connection: Connection, session: () => Session | undefined): void {
  /** By connection, check by check: what a later request for a finding refers to. */
  const known = new Map<string, HealthReport>();
  const sourcesOf = createServerSources();

  connection.onRequest<HealthResult, void>(healthRequest, async ({ connection: name, checks, servers }: HealthParams, token): Promise<HealthResult> => {
    const active = session();
    if (!active?.trusted) return { kind: 'error', message: active ? 'This workspace is not trusted: nothing connects to a database. Trust the workspace first.' : 'The server is not ready yet.' };
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    const settings = await readLimits(active, name);
    const outcome = await active.connections.health(name, { signal: abort.signal, ...(servers ? { sources: (of) => sourcesOf(of, servers, projectOn(active, name)) } : {}), ...(checks ? { checks } : {}), ...(settings ? { settings } : {}) }).catch((error: unknown) => {
      if (abort.signal.aborted) return { ok: false as const, error: 'Cancelled.' };
      throw error;
    });
    if (!outcome.ok) return { kind: 'error', message: outcome.error };
    known.set(name, merge(known.get(name), outcome.report, checks !== undefined));
    return { kind: 'report', report: toSent(active, name, outcome.report), markdown: renderHealthMarkdown(outcome.report) };
  });

  connection.onRequest<HealthMigrationResult, void>(healthMigrationRequest, ({ connection: name, finding: { id, subject, statement } }: HealthMigrationParams): HealthMigrationResult => {
    const active = session();
    // Only what we have proposed ourselves is written.
    const finding = known.get(name)?.checks.flatMap((check) => check.findings).find((f) => f.id === id && f.subject === subject && f.statement === statement);
    const content = finding && migrationOfFinding(finding);
    if (!active || !content) return { kind: 'unavailable', reason: 'the finding is not known any more; look at the database again' };
    const project = projectOn(active, name);
    const target = (project?.databases.find((binding) => binding.connection === name) ?? project?.databases[0])?.settings.migrations;
    const files = project && target ? renderMigrations(target, content, target.now) : [];
    if (!project || files.length === 0) return { kind: 'unavailable', reason: 'the workspace has no migrations whose format is known; see the setting sargable.migrations' };
    return { kind: 'files', files: files.map((file) => ({ uri: toUri(path.join(project.folder, file.path)), text: file.text })) };
  });
}

/** The folder whose files speak to a connection. */
const projectOn = (active: Session, name: string): Project | undefined => {
  const projects = [...active.projects.values()].filter(({ folder }) => folder !== '');
  return projects.find(({ databases }) => databases.some((binding) => binding.connection === name)) ?? projects[0];
};

/** The editor's limits, under those of the configuration file. */
async function readLimits(active: Session, name: string): Promise<HealthSettings | undefined> {
  const folder = projectOn(active, name)?.folder;
  // A configuration that cannot be read has been told of when the folder was opened.
  const file = folder === undefined ? undefined : (await findConfig(folder, rules, { trusted: active.trusted }).catch(() => undefined))?.settings.health;
  return mergeSettings({ health: pickHealth(active.settings.health) }, file ? { health: file } : {}).health;
}

/** A look at some checks takes the place of these alone. */
function merge(before: HealthReport | undefined, report: HealthReport, partial: boolean): HealthReport {
  if (!before || !partial) return report;
  const fresh = new Map(report.checks.map((check) => [check.name, check]));
  return { ...before, checks: [...before.checks.map((check) => fresh.get(check.name) ?? check), ...report.checks.filter(({ name }) => !before.checks.some((check) => check.name === name))] };
}

/** With what the editor makes of a finding: the table whose queries it can list, whether it can become a migration. */
function toSent(active: Session, name: string, report: HealthReport): SentReport {
  const catalog = active.connections.catalogs().find((database) => database.name === name)?.catalog;
  return {
    label: report.label, takenAt: report.takenAt,
    checks: report.checks.map((check) => ({
      name: check.name, title: check.title, figures: check.figures, tables: check.tables, cannotSee: check.cannotSee,
      findings: check.findings.map((finding) => {
        const table = catalog && tableOfFinding(finding, catalog);
        const { id, severity, subject, message, recommendation, statement } = finding;
        return {
          id, severity, subject, message, check: finding.check, ...(recommendation === undefined ? {} : { recommendation }), ...(statement === undefined ? {} : { statement }),
          ...(table === undefined ? {} : { table }), ...(migrationOfFinding(finding) ? { migration: true as const } : {}),
        };
      }),
    })),
  };
}
