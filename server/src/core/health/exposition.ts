/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its samples, in base units (seconds, bytes, ratios from 0 to 1). */
export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The media type of {@link renderExposition}'s text, for HTTP. */
export const EXPOSITION_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/**
 * Prometheus' text format, version 0.0.4: HELP and TYPE once for each metric, then its samples. A metric without samples is
 * left out. Of samples with the same labels the first counts: a second would make the whole text invalid.
 */
export function renderExposition(families: readonly MetricFamily[]): string {
  const lines: string[] = [];
  for (const { name, type, help, samples } of families) {
    const written = new Map(samples.filter(({ value }) => !Number.isNaN(value)).reverse().map((sample) => [renderLabels(sample.labels ?? {}), sample.value]));
    if (written.size === 0) continue;
    lines.push(`# HELP ${name} ${escapeHelp(help)}`, `# TYPE ${name} ${type}`, ...[...written].reverse().map(([labels, value]) => `${name}${labels} ${renderNumber(value)}`));
  }
  return lines.map((line) => `${line}\n`).join('');
}

const renderLabels = (labels: Readonly<Record<string, string>>): string => {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
};
const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
// A lone half of a surrogate pair has no UTF-8.
const escapeLabel = (text: string): string => escapeHelp(text.replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '\uFFFD')).replaceAll('"', '\\"');
const renderNumber = (value: number): string => (value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value));
