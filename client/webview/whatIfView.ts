import type { ShownPlan, WhatIf, WhatIfOptions } from '../../protocol/webview';
import { button, element } from './dom';
import { post } from './host';

export interface WhatIfView {
  readonly element: HTMLElement;
  fill(options: WhatIfOptions): void;
}

/** Forms for what the planner twin can try: an index more, an index less, other settings. Nothing is written anywhere. */
export function createWhatIfView(shown: ShownPlan, sql: string | undefined): WhatIfView {
  const body = element('div', {}, element('p', { class: 'dim' }, 'Looking for what is worth trying…'));
  const frame = element('div', { class: 'whatif' }, element('p', {}, 'The planner twin plans the query as if something were otherwise. No database is asked and nothing is written; costs are the planner’s estimates.'), body);
  const fromElsewhere = shown.source.kind === 'text' && sql !== undefined ? { sql } : {};
  const ask = (change: WhatIf): void => post({ type: 'whatIf', change, ...fromElsewhere });
  post({ type: 'askWhatIf', ...fromElsewhere });
  return {
    element: frame,
    fill(options) {
      body.replaceChildren(...(options.problem === undefined ? forms(options, ask) : [element('p', { class: 'message' }, options.problem)]));
    },
  };
}

function forms({ candidates, existing, settings }: WhatIfOptions, ask: (change: WhatIf) => void): readonly HTMLElement[] {
  const input = element('input', { type: 'text', list: 'candidates', placeholder: 'orders (customer_id, created_at)', spellcheck: 'false', size: '40' });
  input.value = candidates[0] ?? '';
  const values = Object.entries(settings).map(([name, value]) => ({ name, value, input: element('input', { type: 'text', value, spellcheck: 'false', size: '8' }) }));
  const changed = (): Readonly<Record<string, string>> => Object.fromEntries(values.filter((setting) => setting.input.value.trim() !== '' && setting.input.value.trim() !== setting.value).map((setting) => [setting.name, setting.input.value.trim()]));
  const beside = (): { readonly settings?: Readonly<Record<string, string>> } => (Object.keys(changed()).length > 0 ? { settings: changed() } : {});
  const form = (title: string, onSubmit: () => void, ...children: readonly (Node | string | false)[]): HTMLElement => {
    const created = element('form', { class: 'card' }, element('h2', {}, title), ...children);
    created.addEventListener('submit', (event) => {
      event.preventDefault();
      onSubmit();
    });
    return created;
  };
  return [
    form('With an index', () => { if (input.value.trim() !== '') ask({ add: [input.value.trim()], ...beside() }); },
      element('label', { class: 'field' }, element('span', {}, 'Index on'), input),
      element('datalist', { id: 'candidates' }, ...candidates.map((candidate) => element('option', { value: candidate }))),
      element('button', { type: 'submit', class: 'action' }, 'Try it'),
      candidates.length > 0 && element('p', {}, 'Worth trying: ', ...candidates.map((candidate) => button(candidate, () => { input.value = candidate; ask({ add: [candidate], ...beside() }); }, { class: 'chip' }))),
    ),
    existing.length > 0 ? form('Without an index', () => undefined,
      element('ul', { class: 'indexes' }, ...existing.map(({ key, definition }) => element('li', {}, button(`Without ${key.replace(/^public\./, '')}`, () => ask({ drop: [key], ...beside() })), element('span', { class: 'dim' }, ` ${definition}`)))),
    ) : element('p', { class: 'dim' }, 'The tables of this query have no index.'),
    form('With other settings', () => { if (Object.keys(changed()).length > 0) ask({ settings: changed() }); },
      ...values.map((setting) => element('label', { class: 'field' }, element('span', {}, setting.name), setting.input)),
      element('button', { type: 'submit', class: 'action' }, 'Try them'),
      element('p', { class: 'dim' }, 'Settings that you change here hold for the indexes above too.'),
    ),
  ];
}
