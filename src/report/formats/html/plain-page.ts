import { printable } from '../../../core/vocabulary/printable.js';
import { clientStyle } from './client-bundle.js';

/**
 * A page in the look of the report, without code: a heading, a sentence, a table and a picture.
 * @param svg Trusted: made by us.
 */
export function plainPage(
  title: string,
  notice: string,
  { titles, rows }: { readonly titles: readonly string[]; readonly rows: readonly (readonly string[])[] },
  svg: string,
): string {
  const line = (tag: string, cells: readonly string[]) =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join('')}</tr>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(title)}</title>
<style>${clientStyle}</style>
</head>
<body>
<main>
<h1>${escaped(title)}</h1>
<p>${escaped(notice)}</p>
${svg.replace('<svg ', '<svg style="max-width:100%;height:auto" ')}
<table>
<thead>${line('th', titles)}</thead>
<tbody>
${rows.map((cells) => line('td', cells)).join('\n')}
</tbody>
</table>
</main>
</body>
</html>
`;
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
