import { posix, win32 } from 'node:path';
import fc from 'fast-check';
import type { Machine } from '../../src/core/machine/machine.js';
import { jestStart } from '../../src/jest/remote/jest-start.js';
import {
  allowedFetch,
  allowedPrepare,
  allowedStart,
  checkRun,
  serves,
} from '../../src/remote/fleet-policy.js';
import { type OpenParams, protocolVersion } from '../../src/remote/protocol.js';

const persistent = { isEphemeral: false };
const run: OpenParams = {
  protocol: protocolVersion,
  project: 'git@github.com:acme/app.git',
  remote: 'git@github.com:acme/app.git',
  weight: 1,
  isForeign: false,
};
const here = { machine: { name: 'box' }, devices: [] } as unknown as Machine;

function started(args: readonly string[], others: object = {}): unknown {
  const params = {
    directory: '',
    nodeArgs: [],
    module: 'jest/bin/jest',
    args,
    setup: { workers: 2 },
    lazy: false,
    env: { NODE_OPTIONS: '--require=/tmp/x' },
    ...others,
  };
  return allowedStart(params, here, 4);
}

test('what a run starts Jest with is taken, and nothing is added to the environment', () => {
  const { args } = jestStart(
    [
      '-c',
      'jest.ci.config.js',
      '--root-dir=.',
      '--testPathIgnorePatterns',
      '/dist/',
      '/old/',
      '--verbose',
      'some.test',
    ],
    process.cwd(),
    process.cwd(),
    { rootDir: process.cwd(), runTestsByPath: false, nonFlagArgs: [] } as never,
  );
  const nodeArgs = [
    '--experimental-vm-modules',
    '--max-old-space-size=4096',
    '--require=./setup.js',
    '--import=tsx/esm',
  ];
  expect(started([...args, '--maxWorkers=2'], { nodeArgs })).toMatchObject({
    args: [...args, '--maxWorkers=2'],
    nodeArgs,
    env: {},
  });
});

test('of its variables a run brings only that its terminal shows colours', () => {
  expect(started([], { env: { FORCE_COLOR: '1', LD_PRELOAD: '/tmp/x' } })).toMatchObject({
    env: { FORCE_COLOR: '1' },
  });
  expect(() => started([], { env: { FORCE_COLOR: '; x' } })).toThrow('no Jest');
});

const taken = [
  ['--transform={"\\\\.tsx?$":["ts-jest",{"tsconfig":"<rootDir>/tsconfig.json"}]}'],
  ['--moduleNameMapper={"^@/(.*)$":"<rootDir>/src/$1","^path$":"node:path"}'],
  ['--testEnvironmentOptions={"url":"https://localhost"}'],
  ['--globals={"api":"https://example.org/v1"}'],
  ['--testMatch', '/anything/**', '--env', 'jsdom'],
  ['--testRegex=^/srv/.*'],
  ['--config={"testEnvironment":"node","testPathIgnorePatterns":["/dist/"]}'],
  ['--runTestsByPath', 'a/b.test.js', '[id].test.js', '{a,b}.test.js', "quote'and#hash.test.js"],
];
for (const args of taken) test(`takes ${args.join(' ')}`, () => void started(args));

test('a config above the folder where Jest is started is one of the checkout, and no further one is', () => {
  const directory = 'packages/app';
  for (const value of ['../../jest.config.js', '..', 'jest.config.js'])
    expect(started([`--config=${value}`], { directory })).toMatchObject({ directory });
  expect(() => started(['--config=../../../jest.config.js'], { directory })).toThrow(
    'outside of the checkout',
  );
  expect(() => started(['--config=x/../../../../y.js'], { directory })).toThrow('outside of the checkout');
  expect(() => started(['--setupFiles=../../x.js'], { directory })).toThrow('outside of the checkout');
});

const refused = [
  ['--testRunner=/tmp/x'],
  ['--testRunner', '/tmp/x'],
  ['--test-runner=/tmp/x'],
  ["--testRunner='/tmp/x'"],
  ['--testRunner="/tmp/x"'],
  ['--testRunner= /tmp/x'],
  ['--testRunner=~/x'],
  ['--testRunner=C:\\x'],
  ['--testRunner=\\\\host\\x'],
  ['--env=data:text/javascript,export default 1'],
  ['--env=file:///tmp/x'],
  ['--env=https://example.org/x.mjs'],
  ['--globalSetup=../x.js'],
  ['--globalSetup=<rootDir>/../../x.js'],
  ['--setupFiles', 'ok.js', '/tmp/x'],
  ['--modulePaths=a,/tmp'],
  ['--roots=/etc'],
  ['--rootDir=/'],
  ['-c', '/tmp/x'],
  ['--config={"testRunner":"/tmp/x"}'],
  ['--config= {"testRunner":"/tmp/x"}'],
  ['--config', '{"rootDir":"/home"}'],
  ['--config={"projects":[{"setupFiles":["/tmp/x"]}]}'],
  ['--config={"reporters":[["data:text/javascript,0",{}]]}'],
  ['--config={"testEnvironmentOptions":{"html":"<script>0</script>"}}'],
  ['--config={"testRunner":"/tmp/x",}'],
  ['--testEnvironmentOptions={"html":"<script>0</script>"}'],
  ['--transform={".":"/tmp/x"}'],
  ['--transform={".":["babel-jest",{"plugins":["/tmp/x"]}]}'],
  ['--moduleNameMapper={"^a$":"https://example.org/x.mjs"}'],
  ['--moduleNameMapper={"^a$":["a","../../x"]}'],
  ['--globals={"ts-jest":{"tsconfig":"/tmp/x"}}'],
  ['--haste={"hasteImplModulePath":"/tmp/x"}'],
  ['--runTestsByPath', '/etc/x.test.js'],
  ['--runTestsByPath', "'/etc/x.test.js'"],
  ['--runTestsByPath', 'a/../../x.test.js'],
  ['--config.testRunner=x'],
  ['--'],
  ['-i'],
  ['--reporters=other'],
  ['--reporters', 'jest-runner-hardware/reporter'],
  ['--outputFile=x'],
  ['--coverageDirectory=x'],
  ['--cacheDirectory=x'],
  ['--changedSince=--output=x'],
  ['--filter=x.js'],
  ['--testSequencer=x'],
  ['--maxWorkers=1000000'],
  ['--preset=a\0b'],
];
for (const args of refused)
  test(`refuses ${JSON.stringify(args.join(' '))}`, () => {
    expect(() => started(args)).toThrow(/^it was asked/);
  });

const refusedOfNode = [
  '--require=/tmp/x',
  '--require=../x',
  '--require',
  '-e0',
  '--eval=0',
  '--import=data:text/javascript,0',
  '--import=https://example.org/x',
  '--experimental-network-imports',
  '--experimental-loader',
  '--experimental-sea-config=x.json',
  '--experimental-config-file=x.json',
  '--inspect=0.0.0.0:1',
  '--env-file=.env',
  '--cpu-prof-dir=x',
  '--title=x',
  'x.js',
];
for (const each of refusedOfNode)
  test(`refuses Node.js ${each}`, () => {
    expect(() => started([], { nodeArgs: [each] })).toThrow('it was asked to start Node.js with');
  });

test('refuses another program, another folder, and what is no start', () => {
  expect(() => started([], { module: 'npm/bin/npm-cli' })).toThrow('it runs Jest, and not "npm/bin/npm-cli"');
  for (const directory of ['/etc', '..', 'a/../../b', '~']) {
    expect(() => started([], { directory })).toThrow('outside of the checkout');
  }
  for (const others of [
    { args: 'x' },
    { nodeArgs: [1] },
    { setup: null },
    { directory: undefined },
    { setup: {} },
  ])
    expect(() => started([], others)).toThrow('what is to be started is no Jest');
});

test('devices and the number of workers are what the machine has', () => {
  const forged = { devices: [{ id: 'gpu0', bindingEnv: { NODE_OPTIONS: '--require=/tmp/x' } }] };
  const start = started([], { setup: { workers: 1_000_000, machine: forged, fast: true } });
  expect(start).toMatchObject({ setup: { workers: 4, machine: here, fast: true } });
});

test('no argument is let through by which a path, a URL or another flag gets in', () => {
  const evil = fc.constantFrom(
    '/tmp/x',
    '../x',
    'a/../../x',
    'data:,0',
    'file:///x',
    'https://h/x',
    '~/x',
    'C:/x',
    '\\\\h\\x',
  );
  const flag = fc.constantFrom(
    '--testRunner',
    '--env',
    '--preset',
    '--globalSetup',
    '--resolver',
    '--setupFiles',
    '--transform',
    '--runner',
  );
  const wrapped = fc.oneof(
    evil,
    evil.map((value) => JSON.stringify(value)),
    evil.map((value) => `'${value}'`),
    evil.map((value) => `ok,${value}`),
    fc.tuple(fc.string(), evil).map(([key, value]) => JSON.stringify({ [key]: value })),
    fc.tuple(fc.string(), evil).map(([key, value]) => JSON.stringify({ a: [{ [key]: ['ok', value] }] })),
    evil.map((value) => ` ${value}`),
  );
  fc.assert(
    fc.property(
      flag,
      wrapped,
      fc.boolean(),
      fc.array(fc.constantFrom('--coverage=false', '--env', 'jsdom')),
      (name, value, isOne, before) => {
        const args = [...before, ...(isOne ? [`${name}=${value}`] : [name, value])];
        // Under these keys Jest compares, and loads nothing.
        fc.pre(!/"(testMatch|testRegex|\w+Projects|\w+Patterns)"/.test(value));
        expect(() => started(args)).toThrow();
      },
    ),
  );
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      try {
        started(args);
      } catch {
        return;
      }
      for (const word of args) {
        expect(word).not.toMatch(/^~|\0/);
        expect(posix.resolve('/top', word)).toMatch(/^\/top(\/|$)/);
        expect(win32.resolve('C:\\top', word)).toMatch(/^C:\\top(\\|$)/);
      }
    }),
    // What a folder's name begins with is no way up.
    { examples: [[['..#']], [['...']], [['../x']], [['a/../../x']]] },
  );
});

test('code comes from the remote for which the run was let in, or the one of the machine', () => {
  const asked = { treeId: 'a'.repeat(40), remote: 'https://example.org/other.git' };
  expect(allowedFetch(asked, run, persistent)).toEqual({ treeId: asked.treeId, remote: run.remote });
  const own = { ...persistent, remote: '/srv/app.git' };
  expect(allowedFetch(asked, run, own)).toEqual({ treeId: asked.treeId, remote: '/srv/app.git' });
  expect(() => allowedFetch({ treeId: 1 }, run, persistent)).toThrow('no tree');
});

test('a run prepares by no command and no variable of its own', () => {
  const asked = { project: 'app', treeId: 'a', prefix: '', setup: 'curl evil', env: { PATH: '/tmp' } };
  expect(allowedPrepare(asked, persistent)).toEqual({ project: 'app', treeId: 'a', prefix: '', env: {} });
  expect(allowedPrepare(asked, { ...persistent, setup: 'make' })).toMatchObject({ setup: 'make' });
});

test('projects are told by their git remote', () => {
  const ssh = 'git@github.com:acme/app.git';
  const https = 'https://github.com/acme/app.git';
  for (const remote of [ssh, https]) {
    expect(serves(['github.com/acme/'], remote)).toBe(true);
    expect(serves(['github.com/acme/app'], remote)).toBe(true);
    expect(serves(['github.com/other'], remote)).toBe(false);
    expect(serves(['app'], remote)).toBe(true);
  }
  // Whoever has another host has any path there.
  expect(serves(['github.com/acme/'], 'https://example.org/github.com/acme/app.git')).toBe(false);
  expect(serves(['github.com/acme/'], 'https://github.com@example.org/acme/app.git')).toBe(false);
  expect(serves(['github.com/acme/'], 'https://github.com.example.org/acme/app.git')).toBe(false);
  expect(serves(['git.example:2222/acme'], 'ssh://git@git.example:2222/acme/app')).toBe(true);
});

test('runs that are not served are told why', () => {
  const refusal = (params: object, policy: object = persistent) => {
    try {
      checkRun({ ...run, ...params }, policy as typeof persistent);
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  };
  expect(refusal({})).toBeUndefined();
  expect(refusal({ isForeign: true })).toMatch(/forks; .*--ephemeral/);
  expect(refusal({ isForeign: true }, { isEphemeral: true })).toBeUndefined();
  expect(refusal({ isForeign: undefined })).toMatch('no run');
  expect(refusal({ weight: Number.NaN })).toMatch('no run');
  expect(refusal({ weight: 0 })).toMatch('no run');
  expect(refusal({ protocol: 0 })).toMatch('another version');
  expect(refusal({}, { ...persistent, only: ['other'] })).toBe('serves only other');
  // The name of the project is not what counts.
  expect(refusal({ project: 'other' }, { ...persistent, only: ['other'] })).toBe('serves only other');
});
