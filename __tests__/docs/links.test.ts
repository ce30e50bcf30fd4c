import { existsSync } from 'node:fs';
import { posix } from 'node:path';
import { pagePaths, repository, textOf } from './pages.js';

/** And those that are written for who changes the code. */
const others = [
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'bench/README.md',
  'fixtures/projects/ml/README.md',
];
const everyPage = [...pagePaths, ...others];

test('the first page is a page', () => {
  expect(textOf('README.md').trimEnd().split('\n').length).toBeLessThanOrEqual(150);
});

test.each(everyPage)('links of %s lead somewhere', (page) => {
  expect(linksOf(page).filter((link) => !isThere(page, link))).toEqual([]);
});

/** The example names files of its own folder. */
const namingPages = everyPage.filter((page) => !page.startsWith('fixtures/'));

test.each(namingPages)('files that %s names are there', (page) => {
  const named = [...prose(page).matchAll(/`((?:src|docs|fixtures|bench|scripts|__tests__)\/[^`\s]*)`/g)];
  expect(named.map(([, path = '']) => path).filter((path) => !existsSync(repository + path))).toEqual([]);
});

test('the index names every page', () => {
  const named = linksOf('docs/README.md').map((link) => targetOf('docs/README.md', link).path);
  const pages = pagePaths.filter((path) => posix.dirname(path) === 'docs' && path !== 'docs/README.md');
  expect(pages.filter((path) => !named.includes(path))).toEqual([]);
});

function linksOf(page: string): readonly string[] {
  return [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
}

/** A page without what is set as code. */
function prose(page: string): string {
  return textOf(page).replaceAll(/^ *```.*?^ *```$/gms, '');
}

function isThere(page: string, link: string): boolean {
  if (/^https?:/.test(link)) return true;
  const { path, anchor } = targetOf(page, link);
  if (!existsSync(repository + path)) return false;
  return anchor === undefined || anchorsOf(path).includes(anchor);
}

function targetOf(page: string, link: string) {
  const [file = '', anchor] = link.split('#', 2);
  return { path: file === '' ? page : posix.join(posix.dirname(page), file), anchor };
}

/** As GitHub makes them of headings. */
function anchorsOf(page: string): readonly string[] {
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
