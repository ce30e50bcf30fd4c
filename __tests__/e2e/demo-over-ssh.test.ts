/** The example of a clone, as README says, with this machine as another one. */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { type FarMachine, startFarMachine } from './harness/far-machine.js';
import { packedInstall, repository } from './harness/install.js';
import { commitAll, placesOf } from './harness/machine.js';
import { type Place, takePlace } from './harness/place.js';
import { leftOverProcesses, runMarker } from './harness/processes.js';
import { readRecords } from './harness/record.js';
import { sshServer, testWithSsh } from './harness/ssh-server.js';

let place: Place;
let there: FarMachine;

beforeAll(async () => {
  if (sshServer === undefined) return;
  place = await takePlace('demo-over-ssh');
  there = await startFarMachine('localhost');
});
afterAll(() => {
  there?.dispose();
  place?.release();
});

testWithSsh('suites of the demo run on ssh://localhost, as they are edited', async () => {
  const clone = await cloneWithBuild();
  const run = await demo(clone);
  expect(run).toMatchObject({ code: 0, leftOver: [] });
  expect(run.output).toMatch(/Test Suites: 2 skipped, 7 passed, 7 of 9 total/);
  expect(run.output).toMatch(/^Machine +localhost \(linux .*, joined after .* with tree /m);
  expect(run.places).toMatchObject({
    'test/audio-mel.test.ts': 'localhost/cpu',
    'test/matmul-cpu.test.ts': 'localhost/cpu',
    'test/nlp-encoder.test.ts': 'localhost/cpu',
    'test/vision-cnn.test.ts': 'localhost/cpu',
  });

  const suite = 'fixtures/projects/ml/test/audio-mel.test.ts';
  appendFileSync(join(clone, suite), "\ntest('edited', () => expect(__filename).toBe('elsewhere'));\n");
  const edited = await demo(clone, 'audio-mel');
  expect(edited).toMatchObject({ code: 1, leftOver: [] });
  expect(edited.places).toEqual({ 'test/audio-mel.test.ts': 'localhost/cpu' });
  expect(edited.output).toContain(`FAIL ${suite}`);
  // As if it had run here.
  expect(edited.output).toContain(`Received: "${join(clone, suite)}"`);
});

/** What `git clone`, `npm ci` and `npm run build` leave, but for a lockfile: nothing is installed there. */
async function cloneWithBuild(): Promise<string> {
  const clone = join(place.directory, 'clone');
  rmSync(clone, { recursive: true, force: true });
  for (const path of ['package.json', '.gitignore', 'fixtures/projects/ml'])
    cpSync(join(repository, path), join(clone, path), {
      recursive: true,
      filter: (each) => !each.includes('.jest-hardware'),
    });
  const { packageDirectory } = await packedInstall();
  cpSync(join(packageDirectory, 'dist'), join(clone, 'dist'), { recursive: true });
  for (const folder of [clone, there.host.home])
    symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  commitAll(clone);
  return clone;
}

/** `npm run demo` after its build, where this machine has nothing that ONNX Runtime could use. */
async function demo(clone: string, ...words: readonly string[]) {
  const machineFile = join(place.directory, 'no-onnx.json');
  writeFileSync(machineFile, JSON.stringify({ devices: [{ id: 'cpu', class: 'cpu', backends: [] }] }));
  const bin = join(place.directory, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'ssh'),
    `#!/bin/sh\nPATH=\${PATH#*:} exec ssh -F '${there.host.configFile}' "$@"\n`,
  );
  chmodSync(join(bin, 'ssh'), 0o755);
  const { scripts } = JSON.parse(readFileSync(join(clone, 'package.json'), 'utf8'));
  const [, command] = /^npm run build && (jest .*)$/.exec(scripts.demo) ?? [];
  const run = randomUUID();
  const child = spawn('sh', ['-c', [command, ...words].join(' ')], {
    cwd: clone,
    env: {
      PATH: [
        bin,
        join(repository, 'node_modules/.bin'),
        join(process.execPath, '..'),
        process.env['PATH'],
      ].join(delimiter),
      HOME: process.env['HOME'],
      JEST_HARDWARE_MACHINES: 'ssh://localhost',
      JEST_HARDWARE_MACHINE: machineFile,
      JEST_HARDWARE_CLAIMS: 'off',
      [runMarker]: run,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 60_000,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      output += text;
    });
  const code = await new Promise((resolve) => child.on('close', resolve));
  const leftOver = [...(await leftOverProcesses(run, 2000)), ...there.pids()];
  const records = readRecords(join(clone, 'fixtures/projects/ml/.jest-hardware'));
  return { code, output, leftOver, places: placesOf(records.at(-1) ?? []) };
}
