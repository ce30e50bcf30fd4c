import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { runCommandLine } from '../../src/cli/command-line.js';
import { commands } from '../../src/cli/commands/index.js';
import { screenOf } from '../../src/cli/text/screen.js';
import type { Machine } from '../../src/core/machine/machine.js';
import { temporaryDirectory } from '../detect/temporary-host.js';
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

  test('help is a command', async () => {
    expect(await run(['help'])).toEqual(await run(['--help']));
    expect(await run(['help', 'plan'])).toEqual(await run(['plan', '--help']));
    expect((await run(['help', 'pln'])).err).toContain('write `jest-runner-hardware plan`');
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
      'no Jest config there',
      ['plan', '--config', 'nope'],
      'nope: there is no such Jest config',
      'leave out `--config`',
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
    // Jest's own list of flags helps nobody.
    expect(err).not.toContain('--showConfig');
  });
});

describe('detect', () => {
  test('a block per device that a person understands', async () => {
    const { code, out, err } = await run(['detect', '--host', host('linux-masked-nvidia')]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const blocks = out.split('\n\n');
    expect(blocks[0]).toBe(
      [
        'machine        local       linux x64',
        'CPU budget     16 threads  availableParallelism of Node.js',
        'memory budget  32 GiB      total memory',
      ].join('\n'),
    );
    expect(blocks[1]).toMatch(
      /^cpu {2}AMD Ryzen 9 7950X 16-Core Processor, usable\n {2}memory +32 GiB\n {2}backends +wasm\n/,
    );
    expect(blocks[2]).toMatch(
      /^gpu0 {2}NVIDIA GeForce RTX 3080, not usable\n {2}! is hidden by CUDA_VISIBLE_DEVICES=1\n {4}remedy: unset the variable or add the device to it\n {2}memory +9\.7 GiB/,
    );
    expect(blocks[3]).toMatch(/^gpu1 {2}NVIDIA GeForce GTX 1660 SUPER, usable\n {2}memory +5\.8 GiB/);
    expect(blocks[3]).toMatch(
      /^ {2}backends +cuda\n {2}precisions +fp64 fp32 fp16 int8\n {2}features +quantization/m,
    );
    expect(blocks[3]).toMatch(/^ {2}address +0000:02:00\.0, GPU-8c22e0d3-\S+$/m);
    expect(blocks[3]).toMatch(/^ {2}temperature +54 °C \(nvidia-smi\)\n {2}power +unreadable$/m);
    // Said once, at the device; what is about no device of its own stands at the end.
    expect(blocks[4]).toBe(
      [
        "! which GPUs CUDA_VISIBLE_DEVICES=1 means depends on their speed; it was read in nvidia-smi's order",
        '  remedy: set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name the GPUs by UUID',
        '',
      ].join('\n'),
    );
    expect(out).not.toContain('known by');
  });

  test('a GPU that is cut into slices says why it gets nothing', async () => {
    const { out } = await run(['detect', '--host', host('h100-mig')]);
    expect(out).toMatch(
      /^gpu0 {2}NVIDIA H100 .*, not usable\n {2}- is cut into MIG slices, which are devices of their own$/m,
    );
  });

  test('lists are broken to the width of the terminal', async () => {
    const lines: string[] = [];
    const screen = { color: false, width: 60 };
    await runCommandLine(['detect', '--host', host('h100-mig')], {
      env: {},
      screen,
      out: (text) => lines.push(...text.split('\n')),
      err: () => {},
    });
    const features = lines.findIndex((line) => line.startsWith('  features    tensor-cores'));
    expect(lines[features + 1]).toMatch(/^ {14}\S/);
    for (const line of lines.filter((each) => /^ {2}(features|precisions|backends)|^ {14}/.test(each))) {
      expect(line.length).toBeLessThanOrEqual(60);
    }
  });

  test('colours only where the terminal has them', async () => {
    const shown: string[] = [];
    const io = { env: {}, out: (text: string) => shown.push(text), err: () => {} };
    await runCommandLine(['detect', '--host', host('macos-m2')], {
      ...io,
      screen: { color: true, width: 80 },
    });
    await runCommandLine(['detect', '--host', host('macos-m2')], io);
    expect(shown[0]).toContain('\u001b[1mgpu0\u001b[22m  Apple M2');
    expect(stripVTControlCharacters(shown[0] ?? '')).toBe(shown[1]);
    const terminal = (hasColors: boolean) =>
      screenOf({ isTTY: true, columns: 120, hasColors: () => hasColors });
    expect(terminal(true)).toEqual({ color: true, width: 120 });
    // As with NO_COLOR.
    expect(terminal(false)).toEqual({ color: false, width: 120 });
    expect(screenOf({})).toEqual({ color: false, width: 80 });
  });

  test('what somebody declared obeys nobody: no escape sequence, no command of a CI service', async () => {
    const file = join(temporaryDirectory(), 'evil.json');
    const model = 'A\u001b[31mB\n::error::boom ##vso[x]\u0007';
    writeFileSync(file, JSON.stringify({ devices: [{ id: 'gpu0', class: 'gpu', model }] }));
    const { out } = await run(['detect', '--explain', '--host', host('graviton3'), '--machine', file]);
    expect(out).toMatch(/^gpu0 {2}AB : :error: :boom # #vso\[x\] , usable$/m);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f]|::|##/);
    const json = await run(['detect', '--json', '--host', host('graviton3'), '--machine', file]);
    expect(JSON.parse(json.out).devices.at(-1).model).toBe(model);
  });

  // A tool that hangs would only take time here.
  const hosts = readdirSync(host('')).filter((name) => name !== 'nvidia-smi-hangs');
  test.each(hosts)('--json is a machine file that says the same: %s', async (name) => {
    const first = await run(['detect', '--json', '--host', host(name)]);
    const file = join(temporaryDirectory(), 'machine.json');
    writeFileSync(file, first.out);
    const second = await run(['detect', '--json', '--host', host(name), '--machine', file]);
    expect({ code: second.code, err: second.err }).toEqual({ code: 0, err: '' });
    expect(told(second.out)).toEqual(told(first.out));
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

  test('--explain shows the value of every label and the evidence for it', async () => {
    const { out } = await run(['detect', '--explain', '--host', host('rtx2080-old-driver')]);
    expect(out).toMatch(
      /^ {2}tensor-cores +feature +spec +compute capability 7\.5 by the name GeForce RTX 2080$/m,
    );
    expect(out).toMatch(/^ {2}avx2 +feature +probed +\/proc\/cpuinfo avx2$/m);
    expect(out).toMatch(/^ {2}memoryBytes +7\.5 GiB +inferred +nvidia-smi memory\.total /m);
    expect(out).toMatch(/^ {2}cpuBudget +\d+ +probed /m);
  });

  test('what a machine file says is shown as declared', async () => {
    const { out } = await run(['detect', '--host', host('graviton3'), '--machine', machine('two-gpus.json')]);
    expect(out).toMatch(/^CPU budget +8 threads +declared in two-gpus\.json$/m);
    expect(out).toMatch(/^ {2}known by +detection, partly declared$/m);
    expect(out).toMatch(
      /^gpu0 {2}NVIDIA GeForce RTX 4090, usable\n {2}memory +24 GiB\n {2}backends +cuda pytorch\n/m,
    );
    expect(out).toMatch(/^ {2}known by +declared$/m);
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

/** A machine without what only says where things come from, and what is never kept. */
function told(json: string): unknown {
  const { machine, devices } = JSON.parse(json) as Machine;
  const { evidence: _ofMachine, ...facts } = machine;
  const bare = devices.map(
    ({ evidence: _ofDevice, sensors: _now, freeMemoryBytes: _free, ...device }) => device,
  );
  return { facts, devices: bare };
}
