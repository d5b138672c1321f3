import { element } from './dom';

/** A row of a tree grid. Rows come in the order of the tree, children after their parent. */
export interface TreeRow {
  readonly id: string;
  /** From 1. */
  readonly level: number;
  readonly hasChildren: boolean;
  readonly element: HTMLTableRowElement;
}

export interface TreeGrid {
  readonly element: HTMLTableElement;
  setAllExpanded(expanded: boolean): void;
  /** Opens the ancestors of a row, scrolls to it and gives it the focus. */
  focus(id: string): void;
}

/**
 * A table with the ARIA tree-grid pattern, focus on rows: up and down move, left folds or goes to the parent, right
 * unfolds or goes to the first child, Home and End go to the ends, `*` unfolds everything.
 */
export function createTreeGrid(label: string, head: HTMLTableSectionElement, rows: readonly TreeRow[]): TreeGrid {
  const body = element('tbody');
  const table = element('table', { role: 'treegrid', 'aria-label': label, 'aria-rowcount': String(rows.length + 1) }, head, body);
  const folded = new Set<TreeRow>();
  let active = 0;

  const ancestors = (index: number): number[] => {
    const found: number[] = [];
    let level = rows[index]?.level ?? 0;
    for (let at = index - 1; at >= 0 && level > 1; at--) {
      const candidate = rows[at];
      if (candidate && candidate.level < level) {
        found.push(at);
        level = candidate.level;
      }
    }
    return found;
  };

  const updateVisibility = (): void => {
    let hiddenBelow = Infinity;
    for (const row of rows) {
      if (row.level <= hiddenBelow) hiddenBelow = Infinity;
      row.element.hidden = hiddenBelow !== Infinity;
      if (folded.has(row) && hiddenBelow === Infinity) hiddenBelow = row.level;
      if (row.hasChildren) row.element.setAttribute('aria-expanded', String(!folded.has(row)));
    }
    if (rows[active]?.element.hidden) activate(ancestors(active).find((index) => !rows[index]?.element.hidden) ?? 0);
  };

  const activate = (index: number): void => {
    rows[active]?.element.setAttribute('tabindex', '-1');
    active = index;
    rows[active]?.element.setAttribute('tabindex', '0');
  };

  const focusAt = (index: number | undefined): void => {
    if (index === undefined || !rows[index]) return;
    activate(index);
    rows[index].element.focus();
  };

  const setExpanded = (row: TreeRow, expanded: boolean): void => {
    if (!row.hasChildren) return;
    if (expanded) folded.delete(row);
    else folded.add(row);
    updateVisibility();
  };

  const visibleFrom = (start: number, step: 1 | -1): number | undefined => {
    for (let index = start; index >= 0 && index < rows.length; index += step) if (!rows[index]?.element.hidden) return index;
    return undefined;
  };

  const setAllExpanded = (expanded: boolean): void => {
    folded.clear();
    if (!expanded) for (const row of rows) if (row.hasChildren && row.level > 1) folded.add(row);
    updateVisibility();
  };

  const onKey = (event: KeyboardEvent): void => {
    const row = rows[active];
    if (!row || event.ctrlKey || event.altKey || event.metaKey || (event.target as Element).tagName !== 'TR') return;
    const actions: Record<string, () => void> = {
      ArrowDown: () => focusAt(visibleFrom(active + 1, 1)),
      ArrowUp: () => focusAt(visibleFrom(active - 1, -1)),
      Home: () => focusAt(visibleFrom(0, 1)),
      End: () => focusAt(visibleFrom(rows.length - 1, -1)),
      ArrowRight: () => (folded.has(row) ? setExpanded(row, true) : row.hasChildren ? focusAt(active + 1) : undefined),
      ArrowLeft: () => (row.hasChildren && !folded.has(row) ? setExpanded(row, false) : focusAt(ancestors(active)[0])),
      Enter: () => setExpanded(row, folded.has(row)),
      ' ': () => setExpanded(row, folded.has(row)),
      '*': () => setAllExpanded(true),
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    action();
  };

  for (const [index, row] of rows.entries()) {
    row.element.setAttribute('role', 'row');
    row.element.setAttribute('aria-level', String(row.level));
    row.element.setAttribute('aria-rowindex', String(index + 2));
    row.element.setAttribute('tabindex', index === 0 ? '0' : '-1');
    row.element.addEventListener('click', (event) => {
      activate(index);
      if ((event.target as Element).closest('.fold')) setExpanded(row, folded.has(row));
    });
    row.element.addEventListener('focus', () => activate(index));
    body.append(row.element);
  }
  table.addEventListener('keydown', onKey);
  updateVisibility();

  return {
    element: table,
    setAllExpanded,
    focus(id) {
      const index = rows.findIndex((row) => row.id === id);
      for (const ancestor of ancestors(index)) {
        const row = rows[ancestor];
        if (row) folded.delete(row);
      }
      updateVisibility();
      focusAt(index);
    },
  };
}
