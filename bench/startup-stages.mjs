/** One fresh process of startup.mjs: CPU ms of each stage of ours, after Jest's own modules are loaded. */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [, , root = ''] = process.argv;
const modules = join(root, 'node_modules');
const load = createRequire(join(modules, 'bench.js'));
const ours = (/** @type {string} */ path) =>
  import(pathToFileURL(join(modules, 'jest-runner-hardware/dist', path)).href);

const loadedByJest = [
  'jest-cli',
  '@jest/core',
  '@jest/reporters',
  '@jest/test-sequencer',
  'jest-haste-map',
  'jest-runner',
  'jest-runtime',
];
for (const name of loadedByJest) load(name);

/** @type {Record<string, number>} */
const cpuMs = {};
/** @template Value @param {string} name @param {() => Promise<Value>} work */
async function stage(name, work) {
  const before = process.cpuUsage();
  const value = await work();
  const { user, system } = process.cpuUsage(before);
  cpuMs[name] = (user + system) / 1000;
  return value;
}

const { detectMachine } = await stage('load the config (withHardware, runner)', () => ours('index.js'));
await stage('load the sequencer', () => ours('jest/sequencer.js'));
await stage('load the reporter', () => ours('jest/reporter.js'));
await stage('detect the machine', () => detectMachine({ projectDir: root }));

console.log(JSON.stringify(cpuMs));
