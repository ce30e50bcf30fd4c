type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;
export type Content = Node | string | undefined;

/**
 * An element with attributes and children. Texts become text nodes, so that no name can be markup.
 * @param attributes True: without a value; false and undefined: left out.
 */
export function element<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Content[]
): HTMLElementTagNameMap[Tag] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    made.setAttribute(name, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

export function button(text: string, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const made = element('button', { type: 'button', ...attributes }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** A section of the page with its heading. */
export function section(id: string, heading: string, ...children: readonly Content[]): HTMLElement {
  return element(
    'section',
    { id, 'aria-labelledby': `${id}-heading` },
    element('h2', { id: `${id}-heading` }, heading),
    ...children,
  );
}

/** A select with its label; the first choice is selected. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, text: string])[],
  onChange: (value: string) => void,
): HTMLElement {
  const select = element('select', {}, ...options.map(([value, text]) => element('option', { value }, text)));
  select.addEventListener('change', () => onChange(select.value));
  return element('label', {}, element('span', {}, label), select);
}

/** Pairs of a term and what is known of it; pairs without a value are left out. */
export function facts(pairs: readonly (readonly [term: string, value: Content])[]): HTMLElement {
  return element(
    'dl',
    {},
    ...pairs
      .filter(([, value]) => value !== undefined && value !== '')
      .map(([term, value]) =>
        element('div', {}, element('dt', {}, term), element('dd', { dir: 'auto' }, value)),
      ),
  );
}

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}
