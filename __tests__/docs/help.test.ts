import { commands } from '../../src/cli/commands/index.js';
import { run } from '../cli/run.js';
import { blocks } from './pages.js';

const printed = blocks.filter(({ language }) => language === 'text');

test.each(['', ...Object.keys(commands)])('the help of the command line stands there: %s', async (name) => {
  const { code, out } = await run([...(name === '' ? [] : [name]), '--help']);
  expect(code).toBe(0);
  expect(printed.map(({ text }) => text)).toContain(out);
});

const outputs = printed.filter(
  ({ info, text }) => !['diagram', 'excerpt'].includes(info) && !text.startsWith('usage: '),
);

test.each(outputs)('$place is what "$info" prints', async ({ info, text }) => {
  const { out } = await run(info.split(' '));
  expect(text).toBe(out);
});

test('there are such outputs', () => expect(outputs.length).toBeGreaterThanOrEqual(2));
