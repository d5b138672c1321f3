import { MarkupKind, type Connection, type Hover } from 'vscode-languageserver/node';
import type { Table } from '../../core/catalog/model';
import { findTable } from '../../core/catalog/lookup';
import type { QuerySite } from '../../core/hosts/ir';
import type { Finding, Rule } from '../../core/lint/rule';
import { rules } from '../../core/rules/index.generated';
import type { StatementModel } from '../../core/sql/model';
import { toSqlOffset } from '../../core/text/segmentMap';
import { containsOffset, type HostOffset, type HostSpan } from '../../core/text/span';
import { displaySql } from '../../core/sql/display';
import { lintDocument, projectOf, type Session } from '../session';
import { renderUsage } from '../usageText';
import { canonicalUri } from '../../workspace/paths';
import { documentationOf } from './diagnostics';

/** On a finding: why, its evidence and the rule's page. On a table: its columns and indexes. On a query: what the server has counted for it. On a chain: the SQL it sends. */
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
    const site = innermost(linted.file.sites, offset);
    if (site?.source) {
      const model = active.engine.sql.analyse(site.source);
      const usage = projectOf(active, canonicalUri(document.clientUri))?.usageOf(linted.file.uri, site);
      const catalog = projectOf(active, canonicalUri(document.clientUri))?.catalogOf(canonicalUri(document.clientUri));
      const relation = relationAt(site, model, offset);
      const table = relation && catalog && findTable(catalog, relation);
      if (table) parts.push(renderTable(table));
      if (usage && !table) {
        parts.push(renderUsage(usage));
        span ??= site.anchor;
      }
      if (site.library !== 'sql' && !table) {
        parts.push(['```sql', displaySql(site.source, model), '```'].join('\n'));
        span ??= site.anchor;
      }
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

function relationAt(site: QuerySite, model: StatementModel, offset: HostOffset): { schema?: string; name: string } | undefined {
  const at = toSqlOffset(site.map, offset);
  if (at === undefined) return undefined;
  return model.blocks.flatMap((b) => b.relations).find((r) => r.kind === 'table' && r.hole === undefined && containsOffset(r.span, at));
}

function renderFinding(finding: Finding, rule: Rule): string {
  const facts = Object.entries(finding.evidence).filter(([, value]) => typeof value !== 'object').map(([name, value]) => `- ${toWords(name)}: ${typeof value === 'number' ? value.toLocaleString('en', { maximumFractionDigits: 1 }) : String(value)}`);
  return [`**${rule.id}** — ${rule.summary}`, rule.docs.why, ...(facts.length > 0 ? [facts.join('\n')] : []), `[Documentation](${documentationOf(rule.id)})`].join('\n\n');
}

/** `rowsRead` as people write it: `rows read`. */
const toWords = (name: string): string => name.replaceAll(/(?<=[a-z])[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function renderTable(table: Table): string {
  const rows = table.rows === undefined ? 'row count unknown' : `${table.rows.toLocaleString('en')} rows${table.rowsSource === 'assumed' ? ' (assumed)' : ''}`;
  const columns = table.columns.slice(0, 40).map((c) => `| ${c.name} | ${c.type} | ${c.notNull ? 'not null' : ''} |`);
  const indexes = table.indexes.map((i) => {
    const keys = i.keys.map((k) => (k.column ?? `(${k.expression})`) + (k.opclass ? ` ${k.opclass}` : '') + (k.descending ? ' desc' : '')).join(', ');
    return `- \`${i.name}\` ${i.unique ? 'unique ' : ''}${i.method} (${keys})${i.include.length > 0 ? ` include (${i.include.join(', ')})` : ''}${i.predicate ? ` where ${i.predicate}` : ''}`;
  });
  return [`**${table.schema}.${table.name}** — ${table.kind}, ${rows}`, ['| column | type | |', '| --- | --- | --- |', ...columns].join('\n'), indexes.length > 0 ? indexes.join('\n') : 'No indexes.'].join('\n\n');
}
