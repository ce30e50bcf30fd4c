import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { blocks, textOf } from '../docs/pages.js';
import { commandOf } from './harness/command.js';
import { packedInstall } from './harness/install.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';

afterAll(leaveProjects);

const lines = blocks
  .filter(({ language }) => language === 'sh')
  .flatMap(({ place, text }) => text.split('\n').map((line) => ({ place, line })))
  .filter(({ line }) => line.trim() !== '');
const ofNpm = lines.filter(({ line }) => line.startsWith('npm '));
/** These need a Redis: see `fleet-docs.test.ts`. */
const isOfFleets = (place: string) => /^docs\/fleet(-recipes)?\.md:/.test(place);
/** In the order of the pages, each once. */
const ofProjects = [
  ...new Map(
    lines
      .filter(({ line, place }) => !line.startsWith('npm ') && !isOfFleets(place))
      .map((line) => [withoutRemark(line.line), line]),
  ).values(),
];

/** One for all lines: what a page makes, a later line of it reads. Its files are the pages' own. */
let project: Project;

beforeAll(async () => {
  project = await useProject('config', {
    runner: 'as-is',
    files: {
      'jest.config.mjs': blockWith(/^\/\/ jest\.config\.js or jest\.config\.mjs/),
      'test/encodes.test.js': blockWith(/^\/\*\*\n \* @hardware gpu\n \* @backend cuda/),
      'sum.js': 'module.exports = (a, b) => a + b;',
      ...Object.fromEntries(
        ['add', 'same', 'zero'].map((name) => [
          `test/${name}.test.js`,
          `const sum = require('../sum'); test('sums', () => expect(sum(1, 2)).toBe(3));`,
        ]),
      ),
      'hardware.json': blockWith(/"npu0"/),
      'fleet.json': blockWith(/"count": 3/),
      'scenario.json': blockWith(/"suites":/),
    },
  });
  await writeNpx(join(project.directory, 'bin'));
});

test.each(ofProjects)('$place: $line', async ({ line }) => {
  const command = line.replace('RECORD', newestRecord);
  if (!command.includes('--shard=1/3')) return expect(await run(command)).toMatchObject({ code: 0 });
  rmSync(join(project.directory, 'artefacts'), { recursive: true, force: true });
  for (const shard of [1, 2, 3]) {
    expect(await run(command.replace('=1/3', `=${shard}/3`))).toMatchObject({ code: 0 });
    keepArtefact(shard);
  }
});

test.each(ofNpm)('$place: $line', ({ line }) => {
  const { name, scripts, peerDependencies } = JSON.parse(textOf('package.json'));
  const named = withoutRemark(line)
    .split('&&')
    .map((part) => part.trim());
  for (const part of named) {
    const [, script] = /^npm (?:run )?([\w-]+)$/.exec(part) ?? [];
    if (script === undefined) {
      const [, packages = ''] = /^npm install --save-dev (.*)$/.exec(part) ?? [];
      for (const each of packages.split(' '))
        expect([name, ...Object.keys(peerDependencies)]).toContain(each);
    } else if (script !== 'ci') expect(Object.keys(scripts)).toContain(script);
  }
});

function withoutRemark(line: string): string {
  return line.replace(/#.*/, '').trim();
}

/** The text of the one block that looks so; several pages may show it. */
function blockWith(pattern: RegExp): string {
  const texts = new Set(blocks.filter(({ text }) => pattern.test(text)).map(({ text }) => text));
  expect(texts.size).toBe(1);
  return [...texts][0] ?? '';
}

/** `npx` without the registry: the commands of the install. */
async function writeNpx(folder: string): Promise<void> {
  const { root } = await packedInstall();
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'npx'),
    `#!/bin/sh
name=$1; shift
case $name in
  jest) exec node '${join(root, 'node_modules/jest/bin/jest.js')}' "$@" ;;
  jest-runner-hardware) exec node '${commandOf(project)}' "$@" ;;
esac
exit 127
`,
  );
  chmodSync(join(folder, 'npx'), 0o755);
}

/** In a shell without the variables of a CI service, by which shards would know each other. */
function run(command: string): Promise<{ code: number; output: string }> {
  const path = [join(project.directory, 'bin'), join(process.execPath, '..'), process.env['PATH']].join(':');
  const env = { PATH: path, HOME: process.env['HOME'], JEST_HARDWARE_CLAIMS: 'off' };
  return new Promise((resolve) => {
    execFile('bash', ['-c', command], { cwd: project.directory, env }, (error, stdout, stderr) => {
      resolve({
        code: typeof error?.code === 'number' ? error.code : error ? -1 : 0,
        output: stdout + stderr,
      });
    });
  });
}

/** What the job of a shard would keep. */
function keepArtefact(shard: number): void {
  const folder = join(project.directory, 'artefacts', String(shard));
  mkdirSync(folder, { recursive: true });
  cpSync(join(project.directory, newestRecord()), join(folder, 'run-shard.jsonl'));
  const results = join(project.directory, 'results.json');
  if (existsSync(results)) renameSync(results, join(folder, 'results.json'));
  const coverage = join(project.directory, 'coverage');
  if (!existsSync(coverage)) return;
  cpSync(coverage, join(folder, 'coverage'), { recursive: true });
  rmSync(coverage, { recursive: true });
}

function newestRecord(): string {
  const records = readdirSync(join(project.directory, '.jest-hardware')).filter((name) =>
    name.startsWith('run-'),
  );
  return join('.jest-hardware', records.sort().at(-1) ?? '');
}
