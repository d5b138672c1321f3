import { anonymisePlan } from '../../server/src/core/plan/anonymise';
import { findInPlan, type PlanFinding } from '../../server/src/core/plan/findings';
import { renderIcicleSvg } from '../../server/src/core/plan/icicleSvg';
import { parsePlan } from '../../server/src/core/plan/planTree';
import { renderTextForm } from '../../server/src/core/plan/textForm';
import { escapeMarkdown, markdownFence } from '../../server/src/core/text/markdown';
import type { ShownPlan } from '../../protocol/webview';
import { button, checkbox, element } from './dom';
import { formatCost, formatMs, formatShare } from './format';
import { announce, post, view } from './host';
import { metricsOf } from './icicle';
import { toPng } from './picture';
import { documentOf } from './plans';

type Document = Readonly<Record<string, unknown>>;

interface Format {
  readonly title: string;
  readonly extension: string;
  readonly meaning: string;
  /** Text, or the bytes of a picture in base64. */
  render(document: Document, findings?: readonly PlanFinding[]): string | Promise<string>;
  readonly binary?: true;
}

const formats: readonly Format[] = [
  { title: 'JSON', extension: 'json', meaning: 'What EXPLAIN (FORMAT JSON) prints; other viewers read it.', render: (document) => JSON.stringify([document], undefined, 2) },
  { title: 'Text', extension: 'txt', meaning: 'As psql prints it.', render: renderTextForm },
  { title: 'Markdown', extension: 'md', meaning: 'Time, findings and the plan, for a pull request.', render: toMarkdown },
  { title: 'SVG', extension: 'svg', meaning: 'The chart as a drawing.', render: toSvg },
  { title: 'PNG', extension: 'png', meaning: 'The chart as a picture.', render: (document) => toPng(toSvg(document)), binary: true },
];

/** The plan as something to keep or to send: nothing leaves this machine by itself. */
export function renderExport(shown: ShownPlan, number: number, findings: readonly PlanFinding[]): HTMLElement {
  let anonymous = false;
  const given = (): Document => documentOf(shown, number) ?? {};
  const render = async (format: Format): Promise<string> => anonymous ? format.render(anonymisePlan(given())) : format.render(given(), findings);
  const attempt = (work: Promise<void>): void => void work.catch((error: unknown) => announce(error instanceof Error ? error.message : String(error)));
  const save = async (format: Format): Promise<void> => post({ type: 'save', name: `plan.${format.extension}`, content: await render(format), encoding: format.binary ? 'base64' : 'utf8' });
  const copy = async (format: Format): Promise<void> => post({ type: 'copy', text: await render(format), what: format.title });
  return element('div', { class: 'export' },
    checkbox('Without names and values: tables become t1, columns c1, literals ?', false, (checked) => { anonymous = checked; }),
    element('ul', {}, ...formats.map((format) => element('li', {},
      element('strong', {}, format.title), element('span', { class: 'dim' }, format.meaning),
      element('span', { class: 'buttons' },
        button('Save…', () => attempt(save(format)), { 'aria-label': `Save… as ${format.title}` }),
        format.binary ? false : button('Copy', () => attempt(copy(format)), { 'aria-label': `Copy ${format.title}` }),
      ),
    ))),
    element('p', { class: 'dim' }, 'Files are written on this machine, where you say. Nothing is sent.'),
  );
}

function toSvg(document: Document): string {
  const model = parsePlan(document);
  const metrics = metricsOf(model);
  return renderIcicleSvg(model.root, metrics.find((metric) => metric === view().metric) ?? metrics[0] ?? 'cost', { width: 1200, rowHeight: 24 });
}

/** @param found what is known to be slow; of a plan without its names what it shows by itself */
function toMarkdown(document: Document, found?: readonly PlanFinding[]): string {
  const model = parsePlan(document);
  const findings = (found ?? findInPlan(model)).map(({ title, share }) => `- ${escapeMarkdown(title)} (${formatShare(share)})`);
  return [
    `**${model.timed ? `${formatMs(model.wholeMs ?? 0)} execution` : `Estimated cost ${formatCost(model.root.totalCost)}`}**`, '',
    ...(findings.length > 0 ? [...findings, ''] : []),
    '<details><summary>Plan</summary>', '', markdownFence(renderTextForm(document)), '', '</details>', '',
  ].join('\n');
}
