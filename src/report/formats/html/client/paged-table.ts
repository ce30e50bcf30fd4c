import { button, type Content, counted, element } from './dom.js';

export interface Column<Row> {
  readonly name: string;
  cell(row: Row): Content;
  /** What rows are sorted by; undefined comes last. */
  key(row: Row): string | number | undefined;
  /** `number`: aligned to the right, and the largest first. */
  readonly kind?: 'number';
  /** Left out on narrow screens: the details of a row have it too. */
  readonly wide?: true;
  /** Colours the cell, 0…1. */
  shade?(row: Row): number | undefined;
}

export interface TableOptions<Row> {
  readonly caption: string;
  readonly noun: string;
  /** The first names the row. */
  readonly columns: readonly Column<Row>[];
  /** Shown below a row when its name is pressed. */
  details?(row: Row): Node;
  readonly sortedBy: { readonly column: number; readonly descending: boolean };
}

const pageSize = 100;
const collator = new Intl.Collator('en', { numeric: true });

/** A sortable table that holds one page of its rows, however many there are. */
export function pagedTable<Row>({ caption, noun, columns, details, sortedBy }: TableOptions<Row>) {
  let rows: readonly Row[] = [];
  let sorted: readonly Row[] = [];
  let { column: by, descending } = sortedBy;
  let page = 0;

  const body = element('tbody');
  const heads = columns.map(({ name, kind, wide }, index) => {
    const sort = button(name, () => {
      descending = by === index ? !descending : kind === 'number';
      by = index;
      refresh();
    });
    return element('th', { scope: 'col', class: classOf({ kind, wide }) }, sort);
  });
  const status = element('p', { role: 'status' });
  const previous = button('Previous', () => turnTo(page - 1));
  const next = button('Next', () => turnTo(page + 1));
  const root = element(
    'div',
    {},
    element(
      'div',
      { class: 'scroller', role: 'region', 'aria-label': caption, tabindex: 0 },
      element(
        'table',
        {},
        element('caption', { class: 'unseen' }, caption),
        element('thead', {}, element('tr', {}, ...heads)),
        body,
      ),
    ),
    element('div', { class: 'pager' }, status, previous, next),
  );

  function refresh(): void {
    const column = columns[by];
    sorted = column === undefined ? rows : sortedRows(rows, column, descending);
    heads.forEach((head, index) => {
      if (index === by) head.setAttribute('aria-sort', descending ? 'descending' : 'ascending');
      else head.removeAttribute('aria-sort');
    });
    turnTo(0);
  }

  function turnTo(wanted: number): void {
    page = wanted;
    const from = page * pageSize;
    const shown = sorted.slice(from, from + pageSize);
    body.replaceChildren(...shown.map(rowOf));
    previous.disabled = page === 0;
    next.disabled = from + pageSize >= sorted.length;
    status.textContent =
      shown.length === 0
        ? `No ${noun} matches`
        : `${(from + 1).toLocaleString('en')}–${(from + shown.length).toLocaleString('en')} of ${counted(sorted.length, noun)}`;
  }

  function rowOf(row: Row): HTMLTableRowElement {
    const cells = columns.map((column, index) => {
      const content = column.cell(row);
      const attributes = { class: classOf(column) };
      if (index > 0) {
        const made = element(
          'td',
          { ...attributes, dir: column.kind === 'number' ? undefined : 'auto' },
          content,
        );
        const shade = column.shade?.(row);
        if (shade !== undefined) made.style.setProperty('--shade', `${Math.round(shade * 45)}%`);
        return made;
      }
      const name = details === undefined ? content : nameButton(row, content, details);
      return element('th', { scope: 'row', dir: 'auto', ...attributes }, name);
    });
    return element('tr', {}, ...cells);
  }

  function nameButton(row: Row, content: Content, make: (row: Row) => Node): HTMLElement {
    const name = element('button', { type: 'button', 'aria-expanded': 'false' }, content);
    name.addEventListener('click', () => {
      const line = name.closest('tr');
      const isOpen = name.getAttribute('aria-expanded') === 'true';
      name.setAttribute('aria-expanded', String(!isOpen));
      if (isOpen) line?.nextElementSibling?.remove();
      else line?.after(element('tr', {}, element('td', { colspan: columns.length }, make(row))));
    });
    return name;
  }

  return {
    root,
    show(newRows: readonly Row[]): void {
      rows = newRows;
      refresh();
    },
  };
}

function classOf({ kind, wide }: { readonly kind?: 'number' | undefined; readonly wide?: true | undefined }) {
  return [kind, wide && 'wide'].filter(Boolean).join(' ') || undefined;
}

function sortedRows<Row>(rows: readonly Row[], column: Column<Row>, descending: boolean): readonly Row[] {
  const direction = descending ? -1 : 1;
  const keyed = rows.map((row) => ({ row, key: column.key(row) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined) {
      return Number(a.key === undefined) - Number(b.key === undefined);
    }
    if (typeof a.key === 'number' && typeof b.key === 'number') return direction * (a.key - b.key);
    return direction * collator.compare(String(a.key), String(b.key));
  });
  return keyed.map(({ row }) => row);
}
