type Attributes = Readonly<Record<string, string | undefined>>;
type Child = Node | string | undefined | false;

/** Makes an element. Text only, never markup: what is shown comes from a database. */
export function element<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElementTagNameMap[Name] {
  const created = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) created.setAttribute(key, value);
  created.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return created;
}

export function button(label: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const created = element('button', { type: 'button', ...attributes }, label);
  created.addEventListener('click', onClick);
  return created;
}

/** A labelled choice. */
export function select(label: string, options: readonly { readonly value: string; readonly text: string }[], value: string, onChange: (value: string) => void): HTMLLabelElement {
  const created = element('select', {}, ...options.map((option) => element('option', { value: option.value, ...(option.value === value ? { selected: '' } : {}) }, option.text)));
  created.addEventListener('change', () => onChange(created.value));
  return element('label', { class: 'field' }, element('span', {}, label), created);
}

let groups = 0;

/** One of a few, side by side. */
export function radios(label: string, options: readonly { readonly value: string; readonly text: string }[], value: string, onChange: (value: string) => void): HTMLElement {
  const name = `radios-${++groups}`;
  return element('div', { class: 'metrics', role: 'radiogroup', 'aria-label': label }, ...options.map((option) => {
    const input = element('input', { type: 'radio', name, value: option.value, ...(option.value === value ? { checked: '' } : {}) });
    input.addEventListener('change', () => onChange(option.value));
    return element('label', {}, input, element('span', {}, option.text));
  }));
}

/** A labelled check box. */
export function checkbox(label: string, checked: boolean, onChange: (checked: boolean) => void): HTMLLabelElement {
  const created = element('input', { type: 'checkbox', ...(checked ? { checked: '' } : {}) });
  created.addEventListener('change', () => onChange(created.checked));
  return element('label', { class: 'check' }, created, element('span', {}, label));
}
