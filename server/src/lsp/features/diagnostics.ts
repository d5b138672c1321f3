import path from 'node:path';
import { DiagnosticRefreshRequest, DiagnosticTag, DocumentDiagnosticReportKind, type Connection, type DocumentDiagnosticReport } from 'vscode-languageserver/node';
import { UNUSED_SUPPRESSION } from '../../core/lint/linter';
import type { Finding } from '../../core/lint/rule';
import { canonicalUri, toPath, toUri } from '../../workspace/paths';
import { readTextFile } from '../../workspace/textFile';
import { createPositionMapper, toSeverity, type PositionMapper } from '../convert';
import { inBackground, lintDocument, type PublishedDiagnostic, type Session } from '../session';

const folderOfDocs = toUri(path.join(__dirname, '..', 'docs', 'rules'));

/** The rule's page, shipped beside the server; editors open it without a network. */
export const documentationOf = (rule: string): string => `${folderOfDocs}/${rule}.md`;

/** Pull for clients that can, push with versions for the others; never both for one document. */
export function registerDiagnostics(connection: Connection, session: () => Session | undefined): void {
  connection.languages.diagnostics.on(async ({ textDocument, previousResultId }): Promise<DocumentDiagnosticReport> => {
    const active = session();
    const result = active && lintDocument(active, textDocument.uri);
    if (!active || !result) return { kind: DocumentDiagnosticReportKind.Full, items: [] };
    const resultId = `${result.document.version}.${active.generation}.${result.round}`;
    if (previousResultId === resultId) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId };
    return { kind: DocumentDiagnosticReportKind.Full, resultId, items: await toDiagnostics(active, result.linted.findings, result.document.positions) };
  });
}

/** After a document changed: push clients get the new result, pull clients ask by themselves. */
export async function publishDocument(session: Session, uri: string): Promise<void> {
  if (session.abilities.pullDiagnostics) return;
  const document = session.documents.get(canonicalUri(uri));
  if (!document) return;
  const result = lintDocument(session, uri);
  const diagnostics = result ? await toDiagnostics(session, result.linted.findings, result.document.positions) : [];
  if (session.documents.get(canonicalUri(uri))?.version !== document.version) return;
  await session.connection.sendDiagnostics({ uri: document.clientUri, version: document.version, diagnostics });
}

/** After something outside the documents changed. */
export async function refreshDiagnostics(session: Session): Promise<void> {
  session.generation++;
  await publishAgain(session, [...session.documents.values()].map((document) => document.clientUri));
}

/** After the planner has answered what these documents asked. */
export async function publishAgain(session: Session, uris: readonly string[]): Promise<void> {
  if (session.abilities.pullDiagnostics) {
    if (session.abilities.refreshDiagnostics) inBackground(session.connection, session.connection.sendRequest(DiagnosticRefreshRequest.type));
    return;
  }
  for (const uri of uris) await publishDocument(session, uri);
}

/** A finding as a diagnostic. Related places in other files need their text for positions: read once each. */
export async function toDiagnostics(session: Session, findings: readonly Finding[], positions: PositionMapper): Promise<PublishedDiagnostic[]> {
  const others = new Map<string, PositionMapper | undefined>();
  const mapperOf = async (uri: string): Promise<PositionMapper | undefined> => {
    if (!others.has(uri)) others.set(uri, session.documents.get(uri)?.positions ?? (await mapFile(session, uri)));
    return others.get(uri);
  };
  return Promise.all(findings.map(async (finding): Promise<PublishedDiagnostic> => {
    const related = [];
    for (const place of finding.related) {
      const mapper = place.uri === finding.uri ? positions : await mapperOf(place.uri);
      if (mapper) related.push({ location: { uri: session.documents.get(place.uri)?.clientUri ?? place.uri, range: mapper.toRange(place.span) }, message: place.message });
    }
    return {
      range: positions.toRange(finding.span), severity: toSeverity(finding.severity), source: 'sargable', code: finding.rule,
      ...(finding.rule === UNUSED_SUPPRESSION ? {} : { codeDescription: { href: documentationOf(finding.rule) } }),
      message: finding.because ? `${finding.message}\n${finding.because}` : finding.message,
      ...(related.length > 0 ? { relatedInformation: related } : {}),
      ...(finding.rule === UNUSED_SUPPRESSION ? { tags: [DiagnosticTag.Unnecessary] } : {}),
      data: { fingerprint: finding.fingerprint },
    };
  }));
}

async function mapFile(session: Session, uri: string): Promise<PositionMapper | undefined> {
  const file = toPath(uri);
  const source = file === undefined ? undefined : await readTextFile(file);
  return source && 'text' in source ? createPositionMapper(source.text, session.encoding) : undefined;
}
