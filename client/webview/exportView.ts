import type { PlanModel } from '../../server/src/core/plan/planModel';
import type { ShownPlan } from '../../protocol/webview';
import { button, element } from './dom';
import { announce, post, view } from './host';
import { metricsOf } from './icicle';
import { renderIcicleSvg, toPng } from './picture';
import { documentOf } from './plans';

interface Format {
  readonly title: string;
  readonly extension: string;
  readonly meaning: string;
  /** Text, or the bytes of a picture in base64. */
  render(): string | Promise<string>;
  readonly binary?: true;
}

/** The plan as something to keep or to send: nothing leaves this machine by itself. */
export function renderExport(shown: ShownPlan, number: number, model: PlanModel): HTMLElement {
  const metric = view().metric ?? metricsOf(model)[0] ?? 'cost';
  const title = shown.connectionLabel === undefined ? shown.title : `Plan on ${shown.connectionLabel.replace(/, with .*/, '')}`;
  const svg = (): string => renderIcicleSvg(model, metric, title);
  const formats: readonly Format[] = [
    { title: 'JSON', extension: 'json', meaning: 'What EXPLAIN (FORMAT JSON) prints; other viewers read it.', render: () => JSON.stringify([documentOf(shown, number)], undefined, 2) },
    ...(shown.source.kind === 'text' ? [{ title: 'Text', extension: 'txt', meaning: 'As it was given.', render: () => (shown.source.kind === 'text' ? shown.source.text : '') }] : []),
    { title: 'SVG', extension: 'svg', meaning: 'The chart as a drawing, for a document.', render: svg },
    { title: 'PNG', extension: 'png', meaning: 'The chart as a picture.', render: () => toPng(svg()), binary: true },
  ];
  const save = async ({ extension, render, binary }: Format): Promise<void> => {
    try {
      post({ type: 'save', name: `plan.${extension}`, content: await render(), encoding: binary ? 'base64' : 'utf8' });
    } catch (error) {
      announce(error instanceof Error ? error.message : String(error));
    }
  };
  const copy = async ({ title: what, render }: Format): Promise<void> => post({ type: 'copy', text: await render(), what });
  return element('div', { class: 'export' },
    element('p', {}, 'A plan holds names of tables, and where it was made for values, those too.'),
    element('ul', {}, ...formats.map((format) => element('li', {},
      element('strong', {}, format.title), element('span', { class: 'dim' }, ` ${format.meaning} `),
      button('Save…', () => void save(format), { 'aria-label': `Save… as ${format.title}` }), ' ',
      format.binary ? false : button('Copy', () => void copy(format), { 'aria-label': `Copy ${format.title}` }),
    ))),
  );
}
