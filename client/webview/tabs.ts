import { element } from './dom';

export interface TabView<Id extends string> {
  readonly id: Id;
  readonly title: string;
  /** Made when it is first looked at. */
  render(): Node;
}

export interface Tabs<Id extends string> {
  readonly element: HTMLElement;
  open(id: Id, focus?: boolean): void;
  /** Made anew when next looked at. */
  forget(id: Id): void;
}

/** ARIA tabs: left and right go through them, Home and End to the ends. */
export function createTabs<Id extends string>(label: string, views: readonly TabView<Id>[], opened: Id, onOpen: (id: Id) => void): Tabs<Id> {
  const panel = element('div', { role: 'tabpanel', id: 'tabpanel', class: 'tabpanel' });
  const made = new Map<Id, Node>();
  let current = views.some(({ id }) => id === opened) ? opened : views[0]!.id;
  const buttons = views.map((view) => element('button', { type: 'button', role: 'tab', id: `tab-${view.id}`, 'aria-controls': 'tabpanel' }, view.title));
  const list = element('div', { role: 'tablist', 'aria-label': label, class: 'tabs' }, ...buttons);

  const open = (id: Id, focus = false): void => {
    const index = views.findIndex((view) => view.id === id);
    const view = views[index];
    if (!view) return;
    current = id;
    for (const [at, tab] of buttons.entries()) {
      tab.setAttribute('aria-selected', String(at === index));
      tab.tabIndex = at === index ? 0 : -1;
    }
    const content = made.get(id) ?? view.render();
    made.set(id, content);
    panel.setAttribute('aria-labelledby', `tab-${id}`);
    panel.replaceChildren(content);
    if (focus) buttons[index]?.focus();
  };
  for (const [index, tab] of buttons.entries()) {
    tab.addEventListener('click', () => {
      const id = views[index]!.id;
      open(id);
      onOpen(id);
    });
  }
  list.addEventListener('keydown', (event) => {
    const index = views.findIndex(({ id }) => id === current);
    const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: views.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    const view = views[(next + views.length) % views.length]!;
    open(view.id, true);
    onOpen(view.id);
  });
  open(current);
  return { element: element('div', {}, list, panel), open, forget: (id) => made.delete(id) };
}
