import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands/index.js';
import type { Machine } from '../../src/core/machine.js';
import { run } from './run.js';

const fixtures = join(process.cwd(), 'fixtures');
const host = (name: string) => join(fixtures, 'hosts', name);
const machine = (name: string) => join(fixtures, 'machines', name);

describe('help and version', () => {
  test('--help names every command', async () => {
    const { code, out, err } = await run(['--help']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    for (const [name, { summary }] of Object.entries(commands)) {
      expect(out).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'));
    }
  });

  test.each(Object.entries(commands))('%s --help names every flag', async (name, { flags }) => {
    const { code, out } = await run([name, '--json', '--help']);
    expect(code).toBe(0);
    expect(out).toMatch(`usage: jest-runner-hardware ${name} [flags]`);
    for (const [flag, { summary }] of Object.entries(flags)) {
      expect(out).toMatch(new RegExp(`^  --${flag}\\b.*${summary.replace(/[()]/g, '\\$&')}$`, 'm'));
    }
  });

  test('--version', async () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
    expect(await run(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' });
  });
});

describe('mistakes end with 2 and say what to write', () => {
  test.each([
    ['no command', [], 'a command is missing', 'jest-runner-hardware --help'],
    ['unknown command', ['detct'], 'unknown command `detct`', 'write `jest-runner-hardware detect`'],
    [
      'a word of the language',
      ['constructor'],
      'unknown command `constructor`',
      'jest-runner-hardware --help',
    ],
    ['unknown flag', ['detect', '--jsn'], 'unknown flag `--jsn`', 'write `--json`'],
    ['unknown short flag', ['detect', '-j'], 'unknown flag `-j`', 'expected: --json, --machine'],
    ['a flag no object should know', ['detect', '--toString'], 'unknown flag `--toString`', '--json'],
    ['an argument', ['detect', 'gpu'], 'unexpected argument `gpu`', '--json'],
    ['no value', ['detect', '--machine'], '`--machine` needs a value (FILE)', '--machine'],
    ['a flag as value', ['detect', '--machine', '--json'], '`--machine` needs a value (FILE)', '--machine'],
    ['an empty value', ['detect', '--machine='], '`--machine` needs a value (FILE)', '--machine'],
    ['an unwanted value', ['detect', '--json=yes'], '`--json` takes no value', '--json'],
    ['two values', ['detect', '--host', 'a', '--host', 'b'], '`--host` is given twice', '--host'],
    [
      'no recorded host there',
      ['detect', '--host', 'nowhere'],
      'nowhere/host.json: a recorded host needs',
      'remedy',
    ],
    [
      'no machine file there',
      ['detect', '--machine', 'none.json'],
      'none.json: the machine file cannot be read',
      'remedy',
    ],
  ])('%s', async (_, argv, message, hint) => {
    const { code, out, err } = await run(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
    expect(err).toContain(hint);
  });
});

describe('detect', () => {
  test('a table that a person understands', async () => {
    const { code, out, err } = await run(['detect', '--host', host('linux-masked-nvidia')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(
      [
        'machine        local       linux x64',
        'CPU budget     16 threads  availableParallelism of Node.js',
        'memory budget  32 GiB      total memory',
        '',
        'device  class  model                                memory   usable  backends  known by',
        'cpu     cpu    AMD Ryzen 9 7950X 16-Core Processor  32 GiB   yes     wasm      detection',
        'gpu0    gpu    NVIDIA GeForce RTX 3080              9.7 GiB  no      cuda      detection',
        'gpu1    gpu    NVIDIA GeForce GTX 1660 SUPER        5.8 GiB  yes     cuda      detection',
        '',
        'gpu1  temperature  54 °C       nvidia-smi',
        'gpu1  power        unreadable',
        '',
        '! gpu0 (NVIDIA GeForce RTX 3080) is hidden by CUDA_VISIBLE_DEVICES=1',
        '  remedy: unset the variable or add the device to it',
        "! which GPUs CUDA_VISIBLE_DEVICES=1 means depends on their speed; it was read in nvidia-smi's order",
        '  remedy: set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name the GPUs by UUID',
        '',
      ].join('\n'),
    );
  });

  test('--json prints the machine and nothing else', async () => {
    const { out } = await run(['detect', '--json', '--host', host('container-cgroup-v2')]);
    const printed = JSON.parse(out) as Machine;
    expect(printed).toMatchObject({ version: 1, machine: { cpuBudget: 1.5 }, problems: [] });
    expect(Object.keys(printed.devices[0] ?? {})).toEqual([
      ...['id', 'class', 'vendor', 'architecture', 'model', 'memoryBytes', 'maxFrequencyMHz'],
      ...['usable', 'software', 'backends', 'precisions', 'features', 'evidence'],
    ]);
  });

  test('--explain shows the evidence behind every label', async () => {
    const { out } = await run(['detect', '--explain', '--host', host('rtx2080-old-driver')]);
    expect(out).toMatch(/^ {2}tensor-cores +spec +compute capability 7\.5 by the name GeForce RTX 2080$/m);
    expect(out).toMatch(/^ {2}avx2 +probed +\/proc\/cpuinfo avx2$/m);
  });

  test('what a machine file says is shown as declared', async () => {
    const { out } = await run(['detect', '--host', host('graviton3'), '--machine', machine('two-gpus.json')]);
    expect(out).toMatch(/^CPU budget +8 threads +declared in two-gpus\.json$/m);
    expect(out).toMatch(/^cpu .* detection, partly declared$/m);
    expect(out).toMatch(/^gpu0 .* 24 GiB +yes +cuda pytorch +declared$/m);
  });

  test('JEST_HARDWARE_MACHINE counts for this machine, not for a recorded one, and --machine wins', async () => {
    const name = async (argv: readonly string[], file: string) => {
      const { out } = await run(['detect', '--json', ...argv], { JEST_HARDWARE_MACHINE: file });
      return (JSON.parse(out) as Machine).machine.name;
    };
    expect(await name([], machine('two-gpus.json'))).toBe('gpu-box');
    expect(await name([], '')).toBe('local');
    expect(await name(['--host', host('macos-m2')], machine('two-gpus.json'))).toBe('local');
    expect(await name(['--machine', machine('cpu-only.json')], machine('two-gpus.json'))).toBe('local');
  });
});
