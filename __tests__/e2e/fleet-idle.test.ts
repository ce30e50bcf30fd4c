import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { command } from './harness/command.js';
import { fleetOfFile, useFleetProject } from './harness/fleet.js';
import { startJest } from './harness/jest.js';
import { endsOf, eventsOf, readRecords } from './harness/record.js';
import { testWithRedis } from './harness/redis-server.js';

const fleet = fleetOfFile();
const desk = mkdtempSync(join(tmpdir(), 'jrh-idle-'));
const [burning, first, go] = ['burning', 'first', 'go'].map((name) => join(desk, name)) as [
  string,
  string,
  string,
];

let burners: readonly ChildProcess[] = [];

/** The worker sees what these use of the CPUs, and nothing of other tests. */
const seenCpus = fileURLToPath(new URL('./harness/own-cpus.cjs', import.meta.url));
const env = { E2E_OWN_CPUS: desk };

/**
 * Somebody works here. Several, each in a session of its own (Linux shares CPUs among sessions), so that they get more than a
 * little of a machine on which other tests work, too.
 */
function burn(): void {
  writeFileSync(burning, '');
  const untilAlone = `while (process.ppid === ${process.pid});`;
  burners = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ['-e', untilAlone], {
      stdio: 'ignore',
      env: { ...process.env, ...env },
      detached: true,
    }),
  );
}

async function stopBurning(): Promise<void> {
  const ended = burners.map((burner) => once(burner, 'exit'));
  for (const burner of burners) burner.kill('SIGKILL');
  burners = [];
  await Promise.all(ended);
  rmSync(burning, { force: true });
}

afterAll(async () => {
  await stopBurning();
  rmSync(desk, { recursive: true, force: true });
});

/** The first one is held until it is let go. */
const suite = `/** @hardware gpu */
const { existsSync, writeFileSync } = require('node:fs');
test('runs where nobody works', async () => {
  expect(existsSync(${JSON.stringify(burning)})).toBe(false);
  if (existsSync(${JSON.stringify(first)})) return;
  writeFileSync(${JSON.stringify(first)}, '');
  while (!existsSync(${JSON.stringify(go)})) await new Promise((resolve) => setTimeout(resolve, 20));
}, 80000);
`;

// Linux says which processes have which variables.
const onLinux = process.platform === 'linux' ? testWithRedis : testWithRedis.skip;

onLinux(
  'a machine runs suites only while nobody else uses it; what runs when somebody comes back ends',
  async () => {
    const project = await useFleetProject(fleet, {
      files: { 'a.test.js': suite, 'b.test.js': suite },
    });
    const seen = async () => {
      const { stdout } = await command(project, 'fleet', '--json', '--connect', fleet.redis.url);
      return JSON.parse(stdout).machines;
    };
    burn();
    const machine = await fleet.join(project, {
      flags: ['--workers', '1', '--when', 'idle', '--idle-threads', '0.15', '--idle-after', '1s'],
      env: { ...env, NODE_OPTIONS: `--require=${JSON.stringify(seenCpus)}` },
    });
    const run = await startJest(project, []);
    await run.waitFor(/gpu-box is in use by others, and takes part when it is idle/);
    expect(await seen()).toMatchObject([{ inUseByOthers: true, load: { runs: 0 } }]);
    await stopBurning();
    await run.until(() => existsSync(first));

    burn();
    await run.waitFor(/gpu-box is in use by others: no further suite starts/);
    const { stdout } = await command(project, 'fleet', '--connect', fleet.redis.url);
    expect(stdout).toMatch(/^gpu-box is in use by others: no suite starts there until it is idle$/m);
    writeFileSync(go, '');
    const records = join(project.directory, '.jest-hardware');
    await run.until(() => eventsOf(readRecords(records).at(-1) ?? [], 'suite-ended').length === 1);
    expect(await seen()).toMatchObject([{ inUseByOthers: true, load: { runs: 1, suites: {} } }]);
    await stopBurning();
    const { record, exitCode } = await run.ended;
    expect(exitCode).toBe(0);
    for (const id of ['a.test.js', 'b.test.js'])
      expect(endsOf(record, id)).toMatchObject([{ status: 'passed' }]);
    expect(eventsOf(record, 'device-turns')).toContainEqual(expect.objectContaining({ free: 0, share: 0 }));
    await machine.end();
  },
);
