import { readdirSync } from 'node:fs';
import { repository, section, textOf } from './pages.js';

const page = 'docs/troubleshooting.md';

test('every message that the page explains is one of ours', () => {
  const ours = sources();
  const explained = textOf(page)
    .split('\n')
    .filter((line) => /^\| `/.test(line) && !section(page, '## Libraries').includes(line))
    .map((line) => /^\| (?:`+ ?)(.*?)(?: ?`+) \|/.exec(line)?.[1] ?? line);
  expect(explained.length).toBeGreaterThan(40);
  expect(explained.filter((message) => !patternOf(message).test(ours))).toEqual([]);
});

test.each([
  'src/transport/bullmq/broker-problems.ts',
  'src/transport/bullmq/signature.ts',
  'src/remote/fleet-credentials.ts',
  'src/sync/git-remote.ts',
])('every message of %s is explained, or says all', (path) => {
  const text = textOf(path);
  const messages = [
    ...text.matchAll(/\bmessage: (['`])(.*?)\1/g),
    ...text.matchAll(/^ {2}\[\s*\/.*\/i?,\s*(')(.*?)'/gm),
  ].map(([, , message = '']) => message);
  expect(messages).not.toEqual([]);
  const explained = [...section(page, '## A shared fleet').matchAll(/^\| `(.*?)` \|/gm)].map(
    ([, words = '']) => words,
  );
  const isExplained = (message: string) =>
    explained.some((words) => patternOf(words).test(message.padEnd(200)));
  expect(messages.filter((message) => !isExplained(message) && !saysAll.includes(message))).toEqual([]);
});

/** What nobody can mend but who finds out what has happened there. */
const saysAll = ['the git remote of the run is none'];

/** The words of a message in their order, with anything in place of `…`. */
function patternOf(message: string): RegExp {
  const parts = message.split('…').map((part) => part.trim().replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&'));
  return new RegExp(parts.join('.{1,120}?'));
}

/** All code, without what sets apart a text in it. */
function sources(): string {
  return readdirSync(`${repository}src`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => textOf(`src/${path}`).replaceAll('\\`', '`'))
    .join('\n');
}
