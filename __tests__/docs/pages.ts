import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The folder of the repository, with a slash at its end. */
export const repository = fileURLToPath(new URL('../../', import.meta.url));

/** What a user reads, by path in the repository: the first page and every page below `docs`. */
export const pagePaths: readonly string[] = [
  'README.md',
  ...readdirSync(`${repository}docs`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .sort(),
];

export interface Block {
  readonly page: string;
  /** Where a reader finds it: `docs/cli.md:12`. */
  readonly place: string;
  readonly language: string;
  /** What stands behind the language: for `text`, the command that printed it, or `diagram`. */
  readonly info: string;
  readonly text: string;
}

/** All that is set as code, over all pages. */
export const blocks: readonly Block[] = pagePaths.flatMap(blocksOf);

export function textOf(path: string): string {
  return readFileSync(repository + path, 'utf8');
}

/** From a heading (`## Tables`) to the next one of the same or a higher level. */
export function section(page: string, heading: string): string {
  const text = `\n${textOf(page)}`;
  const level = heading.indexOf(' ');
  const from = text.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`${page} has no heading "${heading}"`);
  const rest = text.slice(from + heading.length + 1);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Cells of the table of a page whose first line starts so, without its head. */
export function tableOf(page: string, start: string): readonly (readonly string[])[] {
  const lines = textOf(page).split('\n');
  const head = lines.findIndex((line) => line.startsWith(start));
  if (head < 0) throw new Error(`${page} has no table "${start}"`);
  const body = lines.slice(head + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end === -1 ? undefined : end).map((line) => line.slice(2, -2).split(' | '));
}

function blocksOf(page: string): readonly Block[] {
  const text = textOf(page);
  return [...text.matchAll(/^( *)```(\w*) ?([^\n]*)\n(.*?)^ *```$/gms)].map((match) => {
    const [, indent = '', language = '', info = '', body = ''] = match;
    const line = text.slice(0, match.index).split('\n').length;
    return {
      page,
      place: `${page}:${line}`,
      language,
      info,
      text: indent === '' ? body : body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    };
  });
}
