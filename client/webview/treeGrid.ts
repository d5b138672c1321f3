import { element } from './dom';

/** One row of a tree; children come in order. */
export interface GridItem {
  readonly id: string;
  readonly children: readonly GridItem[];
  /** Starts folded. */
  readonly folded?: boolean;
}

export interface GridColumn<Item> {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  /** 1: always there; 2 and 3 give way where there is little room. */
  readonly priority: 1 | 2 | 3;
  fill(cell: HTMLTableCellElement, item: Item): void;
  /** Rows can be ordered by it, largest first. */
  value?(item: Item): number | undefined;
}

export interface GridOptions<Item extends GridItem> {
  readonly label: string;
  readonly columns: readonly GridColumn<Item>[];
  readonly roots: readonly Item[];
  readonly sort?: { readonly column: string; readonly descending: boolean };
  /** Fills the first cell. `path`: the ancestors, where the rows are ordered by a column and the tree is not seen. */
  fillName(cell: HTMLElement, item: Item, path: readonly Item[] | undefined): void;
  rowClass?(item: Item): string | undefined;
  onSelect(item: Item): void;
  /** Enter or a double click. */
  onOpen?(item: Item): void;
  onSort?(sort: { readonly column: string; readonly descending: boolean } | undefined): void;
}

export interface TreeGrid<Item extends GridItem> {
  readonly element: HTMLElement;
  /** Unfolds the ancestors, scrolls there, marks the row; with `focus` gives it the focus. */
  select(id: string, focus: boolean): void;
  setAllFolded(folded: boolean): void;
  readonly selected: Item | undefined;
}

interface Line<Item> {
  readonly item: Item;
  readonly level: number;
  readonly parent: Line<Item> | undefined;
  readonly position: number;
  readonly siblings: number;
}

/** Rows beyond this many are made only where they can be seen. */
const WINDOW_FROM = 160;
const OVERSCAN = 12;

/**
 * A table with the ARIA tree-grid pattern (the roles are written out: in a narrow panel rows are no table rows any more), focus on rows: up and down move, left folds or goes to the parent, right
 * unfolds or goes to the first child, Home and End go to the ends, `*` unfolds everything, Enter opens. All rows are equally
 * high, so that of a long plan only those in sight exist.
 */
export function createTreeGrid<Item extends GridItem>(options: GridOptions<Item>): TreeGrid<Item> {
  const { columns } = options;
  const [top, bottom] = [spacer(), spacer()];
  const body = element('tbody', { role: 'rowgroup' });
  const headers = columns.map((column) => headerCell(column));
  const head = element('thead', { role: 'rowgroup' }, element('tr', { role: 'row' }, element('th', { scope: 'col', role: 'columnheader', class: 'name' }, 'Node'), ...headers));
  const table = element('table', { role: 'treegrid', 'aria-label': options.label }, element('colgroup', {}, element('col', { class: 'name' }), ...columns.map(({ priority, id }) => element('col', { class: `p${priority} ${id}` }))), head, body);
  const frame = element('div', { class: 'grid', tabindex: '-1' }, table);

  const folded = new Set<string>();
  const all = indexItems(options.roots);
  for (const { item } of all.values()) if (item.folded) folded.add(item.id);
  let sort = options.sort;
  let lines: readonly Line<Item>[] = [];
  let active = 0;
  /** Somebody has gone to a row: until then none is marked. */
  let chosen = false;
  let rowHeight = 24;
  const made = new Map<string, HTMLTableRowElement>();

  function headerCell(column: GridColumn<Item>): HTMLTableCellElement {
    const cell = element('th', { scope: 'col', role: 'columnheader', class: `number p${column.priority} ${column.id}`, title: column.description });
    if (!column.value) cell.append(column.title);
    else {
      const control = element('button', { type: 'button', class: 'sort', 'aria-description': column.description }, column.title);
      control.addEventListener('click', () => sortBy(column.id));
      cell.append(control);
    }
    return cell;
  }

  const sortBy = (column: string): void => {
    const current = lines[active]?.item.id;
    sort = sort?.column !== column ? { column, descending: true } : sort.descending ? { column, descending: false } : undefined;
    options.onSort?.(sort);
    layout();
    if (chosen && current !== undefined) select(current, false);
  };

  const layout = (): void => {
    lines = sort ? sortedLines() : treeLines();
    table.setAttribute('aria-rowcount', String(lines.length + 1));
    table.classList.toggle('sorted', sort !== undefined);
    for (const [index, column] of columns.entries()) {
      const state = sort?.column === column.id ? (sort.descending ? 'descending' : 'ascending') : undefined;
      if (state) headers[index]?.setAttribute('aria-sort', state);
      else headers[index]?.removeAttribute('aria-sort');
    }
    active = Math.min(active, Math.max(0, lines.length - 1));
    made.clear();
    draw();
  };

  const treeLines = (): readonly Line<Item>[] => {
    const found: Line<Item>[] = [];
    const visit = (items: readonly GridItem[], level: number, parent: Line<Item> | undefined): void => {
      for (const [index, item] of items.entries()) {
        const line: Line<Item> = { item: item as Item, level, parent, position: index + 1, siblings: items.length };
        found.push(line);
        if (!folded.has(item.id)) visit(item.children, level + 1, line);
      }
    };
    visit(options.roots, 1, undefined);
    return found;
  };

  /** Folded rows stand for what is in them, so what is in them is left out. */
  const sortedLines = (): readonly Line<Item>[] => {
    const column = columns.find(({ id }) => id === sort?.column);
    const sign = sort?.descending ? -1 : 1;
    const found = treeLines().filter(({ item }) => column?.value?.(item) !== undefined);
    const ordered = [...found].sort((a, b) => sign * ((column?.value?.(a.item) ?? 0) - (column?.value?.(b.item) ?? 0)));
    return ordered.map(({ item, parent }, index) => ({ item, parent, level: 1, position: index + 1, siblings: ordered.length }));
  };

  const rowOf = (index: number): HTMLTableRowElement => {
    const line = lines[index]!;
    const known = made.get(line.item.id);
    const row = known ?? makeRow(line);
    made.set(line.item.id, row);
    row.setAttribute('aria-rowindex', String(index + 2));
    row.tabIndex = index === active ? 0 : -1;
    row.setAttribute('aria-selected', String(chosen && index === active));
    return row;
  };

  const makeRow = (line: Line<Item>): HTMLTableRowElement => {
    const { item, level } = line;
    const name = element('td', { class: 'name', role: 'gridcell' });
    const twisty = element('span', { class: item.children.length > 0 && !sort ? 'twisty' : 'leaf', 'aria-hidden': 'true' });
    name.append(twisty);
    options.fillName(name, item, sort ? ancestorsOf(line) : undefined);
    name.style.setProperty('--level', String(level - 1));
    const row = element('tr', {
      role: 'row', class: options.rowClass?.(item), 'data-id': item.id, 'aria-level': String(level), 'aria-posinset': String(line.position), 'aria-setsize': String(line.siblings),
      ...(item.children.length > 0 && !sort ? { 'aria-expanded': String(!folded.has(item.id)) } : {}),
    }, name);
    for (const column of columns) {
      const cell = element('td', { class: `number p${column.priority} ${column.id}`, role: 'gridcell' });
      column.fill(cell, item);
      row.append(cell);
    }
    return row;
  };

  const ancestorsOf = (line: Line<Item>): readonly Item[] => {
    const found: Item[] = [];
    for (let at = line.parent; at; at = at.parent) found.unshift(at.item);
    return found;
  };

  /** First and last row in sight. */
  const windowOf = (): readonly [number, number] => {
    if (lines.length <= WINDOW_FROM) return [0, lines.length];
    const offset = -body.getBoundingClientRect().top;
    const first = Math.max(0, Math.floor(offset / rowHeight) - OVERSCAN);
    return [Math.min(first, lines.length - 1), Math.min(lines.length, first + Math.ceil(window.innerHeight / rowHeight) + 2 * OVERSCAN)];
  };

  const draw = (): void => {
    const [first, last] = windowOf();
    const held = body.contains(document.activeElement);
    const rows = Array.from({ length: last - first }, (_, i) => rowOf(first + i));
    setHeight(top, first * rowHeight);
    setHeight(bottom, (lines.length - last) * rowHeight);
    body.replaceChildren(...(first > 0 ? [top] : []), ...rows, ...(last < lines.length ? [bottom] : []));
    const measured = rows.length === 0 ? 0 : (rows.at(-1)!.getBoundingClientRect().bottom - rows[0]!.getBoundingClientRect().top) / rows.length;
    if (measured > 0) rowHeight = measured;
    // A row that scrolls out of sight takes no keys any more; the frame does in its place.
    if (held) (body.contains(rowAt(active) ?? null) ? rowAt(active) : frame)?.focus({ preventScroll: true });
    for (const id of [...made.keys()]) if (!rows.includes(made.get(id)!)) made.delete(id);
  };

  const rowAt = (index: number): HTMLTableRowElement | undefined => made.get(lines[index]?.item.id ?? '');

  const moveTo = (index: number | undefined, focus: boolean): void => {
    if (index === undefined || !lines[index]) return;
    active = index;
    chosen = true;
    const [first, last] = windowOf();
    if (lines.length > WINDOW_FROM && (index < first || index >= last)) window.scrollTo({ top: window.scrollY + body.getBoundingClientRect().top + index * rowHeight - window.innerHeight / 2 });
    draw();
    const row = rowAt(index);
    if (focus) row?.focus({ preventScroll: true });
    options.onSelect(lines[index].item);
    // After the details have taken their room.
    row?.scrollIntoView({ block: 'nearest' });
  };

  const setFolded = (item: Item, fold: boolean): void => {
    if (item.children.length === 0 || sort) return;
    if (fold) folded.add(item.id);
    else folded.delete(item.id);
    layout();
  };

  const setAllFolded = (fold: boolean): void => {
    const current = lines[active]?.item.id;
    folded.clear();
    if (fold) for (const { item, parent } of all.values()) if (item.children.length > 0 && parent) folded.add(item.id);
    layout();
    const index = lines.findIndex(({ item }) => item.id === current);
    if (index >= 0) active = index;
    draw();
  };

  const select = (id: string, focus: boolean): void => {
    for (let at = all.get(id)?.parent; at; at = all.get(at.id)?.parent) folded.delete(at.id);
    if (sort && !lines.some(({ item }) => item.id === id)) {
      sort = undefined;
      options.onSort?.(undefined);
    }
    layout();
    moveTo(lines.findIndex(({ item }) => item.id === id), focus);
  };

  const onKey = (event: KeyboardEvent): void => {
    const line = lines[active];
    if (!line || event.ctrlKey || event.altKey || event.metaKey || !(event.target === frame || (event.target as Element).tagName === 'TR')) return;
    const { item } = line;
    const page = Math.max(1, Math.floor(window.innerHeight / rowHeight) - 4);
    const parent = (): number => lines.findIndex((other) => other === line.parent || other.item === line.parent?.item);
    const actions: Record<string, () => void> = {
      ArrowDown: () => moveTo(Math.min(active + 1, lines.length - 1), true),
      ArrowUp: () => moveTo(Math.max(active - 1, 0), true),
      PageDown: () => moveTo(Math.min(active + page, lines.length - 1), true),
      PageUp: () => moveTo(Math.max(active - page, 0), true),
      Home: () => moveTo(0, true),
      End: () => moveTo(lines.length - 1, true),
      ArrowRight: () => { if (folded.has(item.id)) refocus(() => setFolded(item, false)); else if (item.children.length > 0 && !sort) moveTo(active + 1, true); },
      ArrowLeft: () => { if (item.children.length > 0 && !folded.has(item.id) && !sort) refocus(() => setFolded(item, true)); else if (line.parent) moveTo(parent(), true); },
      Enter: () => options.onOpen?.(item),
      ' ': () => refocus(() => setFolded(item, !folded.has(item.id))),
      '*': () => refocus(() => setAllFolded(false)),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };
  /** Rows are made anew; the focus stays on the same one. */
  const refocus = (change: () => void): void => {
    change();
    rowAt(active)?.focus({ preventScroll: true });
  };

  table.addEventListener('click', (event) => {
    const row = (event.target as Element).closest<HTMLTableRowElement>('tbody tr[data-id]');
    const index = lines.findIndex(({ item }) => item.id === row?.dataset['id']);
    const line = lines[index];
    if (!line || (event.target as Element).closest('button, a')) return;
    moveTo(index, true);
    if ((event.target as Element).closest('.twisty')) refocus(() => setFolded(line.item, !folded.has(line.item.id)));
  });
  table.addEventListener('dblclick', (event) => {
    const line = lines[active];
    if (line && !(event.target as Element).closest('.twisty') && (event.target as Element).closest('tbody tr[data-id]')) options.onOpen?.(line.item);
  });
  frame.addEventListener('keydown', onKey);
  let waiting = false;
  const onScroll = (): void => {
    if (waiting || lines.length <= WINDOW_FROM) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      if (frame.isConnected) draw();
      else for (const target of ['scroll', 'resize']) window.removeEventListener(target, onScroll);
    });
  };
  for (const target of ['scroll', 'resize']) window.addEventListener(target, onScroll, { passive: true });
  layout();

  return { element: frame, select, setAllFolded, get selected() { return lines[active]?.item; } };
}

/** Stands for the rows out of sight. */
const spacer = (): HTMLTableRowElement => element('tr', { class: 'spacer', 'aria-hidden': 'true' }, element('td', {}));
const setHeight = (row: HTMLTableRowElement, pixels: number): void => row.cells[0]?.style.setProperty('height', `${pixels}px`);

function indexItems<Item extends GridItem>(roots: readonly Item[]): ReadonlyMap<string, { readonly item: Item; readonly parent: Item | undefined }> {
  const found = new Map<string, { readonly item: Item; readonly parent: Item | undefined }>();
  const open: { readonly item: Item; readonly parent: Item | undefined }[] = roots.map((item) => ({ item, parent: undefined }));
  for (let at = open.pop(); at; at = open.pop()) {
    found.set(at.item.id, at);
    for (const child of at.item.children) open.push({ item: child as Item, parent: at.item });
  }
  return found;
}
