import { MarkupKind, type Connection, type Hover } from 'vscode-languageserver/node';
import { targetAt } from '../../core/editing/place';
import type { QuerySite } from '../../core/hosts/ir';
import type { Finding, Rule } from '../../core/lint/rule';
import { rules } from '../../core/rules/index.generated';
import { containsOffset, type HostOffset, type HostSpan } from '../../core/text/span';
import { displaySql } from '../../core/sql/display';
import { lintDocument, projectOf, type Session } from '../session';
import { markdownFence } from '../../core/text/markdown';
import { renderUsage } from '../usageText';
import { canonicalUri } from '../../workspace/paths';
import { renderColumn, renderTable } from './catalogText';
import { documentationOf } from './diagnostics';

/** On a finding: why, its evidence and the rule's page. On a table or column, in SQL, chains and models: what the catalog knows of it. On a query: what the server has counted for it. On a chain: the SQL it sends. */
export function registerHover(connection: Connection, session: () => Session | undefined): void {
  connection.onHover((params): Hover | undefined => {
    const active = session();
    const result = active && lintDocument(active, params.textDocument.uri);
    if (!active || !result) return undefined;
    const { document, linted } = result;
    const offset = document.positions.toOffset(params.position);
    const parts: string[] = [];
    let span: HostSpan | undefined;
    for (const finding of linted.findings) {
      if (!containsOffset(finding.span, offset)) continue;
      const rule = rules.find((r) => r.id === finding.rule);
      if (rule) parts.push(renderFinding(finding, rule));
      span = finding.span;
    }
    const uri = canonicalUri(document.clientUri);
    const project = projectOf(active, uri);
    const catalog = project?.catalogOf(uri);
    const named = catalog && targetAt(linted.file, document.text, offset, catalog);
    const column = named?.target.table?.columns.find(({ name }) => name === named.target.column);
    const described = catalog && named?.target.table && (named.target.column === undefined ? renderTable(named.target.table, catalog) : column && renderColumn(named.target.table, column, catalog));
    if (described) {
      parts.push(described);
      span ??= named?.span;
    }
    const site = innermost(linted.file.sites, offset);
    const usage = site && project?.usageOf(linted.file.uri, site);
    if (usage && !described) {
      parts.push(renderUsage(usage));
      span ??= site.anchor;
    }
    if (site?.source && site.library !== 'sql' && !described) {
      parts.push(markdownFence(displaySql(site.source, active.engine.sql.analyse(site.source)), 'sql'));
      span ??= site.anchor;
    }
    return parts.length === 0 ? undefined : { contents: { kind: MarkupKind.Markdown, value: parts.join('\n\n---\n\n') }, ...(span ? { range: document.positions.toRange(span) } : {}) };
  });
}

function innermost(sites: readonly QuerySite[], offset: HostOffset): QuerySite | undefined {
  let best: QuerySite | undefined;
  for (const site of sites) {
    if (containsOffset(site.span, offset) && (!best || site.span.end - site.span.start < best.span.end - best.span.start)) best = site;
  }
  return best;
}

function renderFinding(finding: Finding, rule: Rule): string {
  const facts = Object.entries(finding.evidence).filter(([, value]) => typeof value !== 'object').map(([name, value]) => `- ${toWords(name)}: ${typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 1 }) : String(value)}`);
  return [`**${rule.id}** — ${rule.summary}`, rule.docs.why, ...(facts.length > 0 ? [facts.join('\n')] : []), `[Documentation](${documentationOf(rule.id)})`].join('\n\n');
}

/** `rowsRead` as people write it: `rows read`. */
const toWords = (name: string): string => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
