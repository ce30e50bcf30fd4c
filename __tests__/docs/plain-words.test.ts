import { commands } from '../../src/cli/commands/index.js';
import { readRecord } from '../../src/record/read.js';
import { reportedRun } from '../../src/report/formats/format.js';
import { reportFormats } from '../../src/report/formats/index.js';
import { run } from '../cli/run.js';
import { pagePaths, repository, textOf } from './pages.js';
import { proseOf, schedulersWords } from './plain-words.js';

test.each(['', ...Object.keys(commands)])('help without words of schedulers: %s', async (name) => {
  const { out } = await run([...(name === '' ? [] : [name]), '--help']);
  expect(schedulersWords(out)).toEqual([]);
});

/** For contributors, and for readers who ask how it works. */
const withTerms = /^docs\/(?:glossary|architecture|how-it-schedules)\.md$|^docs\/adr\//;

test.each(['CHANGELOG.md', ...pagePaths].filter((path) => !withTerms.test(path)))(
  'a page without words of schedulers: %s',
  (path) => {
    expect(schedulersWords(proseOf(textOf(path)))).toEqual([]);
  },
);

test.each(['cancelled', 'cpu-only', 'gpu-box', 'mixed'])('report without words of schedulers: %s', (name) => {
  const { events } = readRecord(`${repository}fixtures/records/${name}.jsonl`);
  const reported = reportedRun(events);
  const options = { color: false, width: 200 };
  const { json: _figures, ...forPeople } = reportFormats;
  for (const { render } of Object.values(forPeople))
    expect(schedulersWords(render(reported, options))).toEqual([]);
});

test('the words are found', () => {
  const text = 'makespan 6.1 s, 1.19 x the lower bound of 5.1 s; own-device, 3 samples, spread 0.30';
  expect(schedulersWords(text)).toHaveLength(4);
  expect(schedulersWords('total 6.1 s, 1.19 x the best possible 5.1 s, --sigma 0.3')).toEqual([]);
  expect(schedulersWords(proseOf('Its `makespan`, and\n```json\n{ "sigma": 1 }\n```\n'))).toEqual([]);
});
