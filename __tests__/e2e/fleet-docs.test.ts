import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { blocks } from '../docs/pages.js';
import { commandOf } from './harness/command.js';
import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { packedInstall } from './harness/install.js';
import type { Project } from './harness/project.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();

const pages = ['docs/fleet.md', 'docs/fleet-recipes.md'];
const lines = blocks
  .filter(({ page, language }) => pages.includes(page) && language === 'sh')
  .flatMap(({ text }) => text.split('\n'))
  .map((line) => line.replace(/#.*/, '').trim())
  .filter((line) => line !== '' && !line.startsWith('npm '));

testWithRedis(
  'commands of the pages about fleets, in their order, in a project that has a remote',
  async () => {
    const project = await useFleetProject(fleet, { files: { 'a.test.js': "test('a', () => {});\n" } });
    const env = await environmentFor(project);
    const words: string[] = [];
    for (const line of lines) {
      const command = line.replaceAll('rediss://redis.example', fleet.redis.url);
      const child = spawn('bash', ['-c', `exec ${command.replace(/^(\w+=\S+) /, 'env $1 ')}`], {
        cwd: project.directory,
        env,
      });
      let said = '';
      const joined = new Promise<void>((resolve) => {
        for (const stream of [child.stdout, child.stderr])
          stream.setEncoding('utf8').on('data', (text: string) => {
            said += text;
            if (said.includes('has joined the fleet')) resolve();
          });
      });
      const ended = once(child, 'close').then(([code]) => code);
      if (/ worker /.test(line)) {
        expect(await Promise.race([joined.then(() => 'joined'), ended.then(() => said)])).toBe('joined');
        workers.push(child);
      } else expect({ line, code: await ended, said }).toMatchObject({ code: 0 });
      words.push(line.split(' ').slice(0, 3).join(' '));
    }
    expect(words.filter((each) => each.startsWith('npx jest-runner-hardware worker'))).not.toEqual([]);
    expect(words.some((each) => /^JEST_HARDWARE_CONNECT=\S+ npx jest$/.test(each))).toBe(true);
    for (const worker of workers) {
      const ended = once(worker, 'close');
      worker.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  },
);

const workers: ReturnType<typeof spawn>[] = [];
afterAll(() => {
  for (const worker of workers) worker.kill('SIGKILL');
});

/** `npx` without the registry, and a home of its own. */
async function environmentFor(project: Project): Promise<NodeJS.ProcessEnv> {
  const { root } = await packedInstall();
  const bin = join(project.directory, '..', 'bin');
  mkdirSync(bin, { recursive: true });
  const jest = join(root, 'node_modules/jest/bin/jest.js');
  writeFileSync(
    join(bin, 'npx'),
    `#!/bin/sh
name=$1; shift
case $name in
  jest) exec node '${jest}' "$@" ;;
  jest-runner-hardware) exec node '${commandOf(project)}' "$@" ;;
esac
exit 127
`,
  );
  chmodSync(join(bin, 'npx'), 0o755);
  const secret = randomBytes(32).toString('base64');
  return {
    PATH: [bin, join(process.execPath, '..'), process.env['PATH']].join(':'),
    HOME: join(project.directory, '..', 'home'),
    JEST_HARDWARE_CLAIMS: 'off',
    JEST_HARDWARE_SECRET: secret,
  };
}
