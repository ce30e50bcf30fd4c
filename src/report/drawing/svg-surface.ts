import { printable } from '../../core/vocabulary/printable.js';
import type { Surface } from './surface.js';

/** Width of a character, as a share of the height of the font: the mean of sans-serif letters. */
const characterWidth = 0.55;

/** From the baseline to the middle of a line, as a share of the height of the font: painters differ in `dominant-baseline`. */
const middleAboveBaseline = 0.35;

/** Draws into SVG. Texts are escaped, and cannot be markup. */
export class SvgSurface implements Surface {
  fillStyle: unknown = '#000';
  strokeStyle: unknown = '#000';
  lineWidth = 1;
  globalAlpha = 1;
  font = '12px sans-serif';
  textBaseline: unknown = 'middle';
  readonly #width: number;
  readonly #height: number;
  readonly #background: string;
  readonly #parts: string[] = [];
  readonly #id: string;
  #path: string[] = [];
  #dash: readonly number[] = [];
  #clips = 0;
  /** How many groups each `save` has to close. */
  readonly #open: number[] = [];

  /** @param id Tells the names within this picture apart from those of others on a page. */
  constructor(width: number, height: number, background: string, id = 'picture') {
    this.#width = width;
    this.#height = height;
    this.#background = background;
    this.#id = id;
  }

  /** @param title What the picture shows, for those who do not see it. */
  svg(title: string): string {
    const size = `width="${this.#width}" height="${this.#height}" viewBox="0 0 ${this.#width} ${this.#height}"`;
    const family = 'font-family="system-ui, sans-serif"';
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" role="img" ${size} ${family}>`,
      `<title>${escaped(title)}</title>`,
      `<rect width="100%" height="100%" fill="${this.#background}"/>`,
      ...this.#parts,
      '</svg>',
    ].join('\n');
  }

  /** Puts another picture into this one. */
  place(other: SvgSurface, x: number, y: number): void {
    this.#parts.push(`<g transform="translate(${short(x)} ${short(y)})">`, ...other.#parts, '</g>');
  }

  clearRect(x: number, y: number, width: number, height: number): void {
    this.#rectangle(x, y, width, height, `fill="${this.#background}"`);
  }

  fillRect(x: number, y: number, width: number, height: number): void {
    this.#rectangle(x, y, width, height, `fill="${escaped(String(this.fillStyle))}"${this.#opacity}`);
  }

  strokeRect(x: number, y: number, width: number, height: number): void {
    this.#rectangle(x, y, width, height, `fill="none"${this.#stroke}`);
  }

  fillText(text: string, x: number, y: number): void {
    const size = `font-size="${this.#fontSize}"${this.font.startsWith('bold') ? ' font-weight="bold"' : ''}`;
    const fill = `fill="${escaped(String(this.fillStyle))}"${this.#opacity}`;
    this.#parts.push(
      `<text x="${short(x)}" y="${short(y + this.#fontSize * middleAboveBaseline)}" ${size} ${fill}>${escaped(text)}</text>`,
    );
  }

  measureText(text: string): { readonly width: number } {
    return { width: text.length * this.#fontSize * characterWidth };
  }

  save(): void {
    this.#open.push(0);
  }

  restore(): void {
    this.#parts.push('</g>'.repeat(this.#open.pop() ?? 0));
  }

  beginPath(): void {
    this.#path = [];
  }

  rect(x: number, y: number, width: number, height: number): void {
    this.#path.push(`M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`);
  }

  moveTo(x: number, y: number): void {
    this.#path.push(`M${short(x)} ${short(y)}`);
  }

  lineTo(x: number, y: number): void {
    this.#path.push(`L${short(x)} ${short(y)}`);
  }

  clip(): void {
    this.#clips++;
    const id = `${this.#id}-clip-${this.#clips}`;
    const path = `<path d="${this.#path.join('')}"/>`;
    this.#parts.push(`<clipPath id="${id}">${path}</clipPath><g clip-path="url(#${id})">`);
    const last = this.#open.length - 1;
    if (last >= 0) this.#open[last] = (this.#open[last] ?? 0) + 1;
  }

  stroke(): void {
    this.#parts.push(`<path d="${this.#path.join('')}" fill="none"${this.#stroke}/>`);
  }

  setLineDash(dash: number[]): void {
    this.#dash = dash;
  }

  get #fontSize(): number {
    return Number(/(\d+(?:\.\d+)?)px/.exec(this.font)?.[1] ?? 12);
  }

  get #opacity(): string {
    return this.globalAlpha === 1 ? '' : ` opacity="${this.globalAlpha}"`;
  }

  get #stroke(): string {
    const dash = this.#dash.length === 0 ? '' : ` stroke-dasharray="${this.#dash.join(' ')}"`;
    return ` stroke="${escaped(String(this.strokeStyle))}" stroke-width="${this.lineWidth}"${dash}${this.#opacity}`;
  }

  #rectangle(x: number, y: number, width: number, height: number, paint: string): void {
    const box = `x="${short(x)}" y="${short(y)}" width="${short(Math.max(0, width))}" height="${short(Math.max(0, height))}"`;
    this.#parts.push(`<rect ${box} ${paint}/>`);
  }
}

function short(value: number): number {
  return Math.round(value * 100) / 100;
}

const references: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return printable(text).replace(/[&<>"]/g, (character) => references[character] ?? '');
}
