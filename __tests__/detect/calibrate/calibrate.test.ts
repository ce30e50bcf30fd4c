import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Machine } from '../../../src/core/machine/machine.js';
import { withCalibration } from '../../../src/detect/calibrate/calibrate.js';
import { withKeptSpeeds } from '../../../src/detect/calibrate/kept-speeds.js';
import { detectMachine } from '../../../src/detect/detect.js';
import { parseMachine } from '../../../src/machine-file/read.js';
import { temporaryDirectory, temporaryHost } from '../temporary-host.js';

const speedsIn = (machine: Machine) => machine.devices.find(({ id }) => id === 'cpu')?.performance;
const bare = () => detectMachine({ host: temporaryHost({ facts: { cpuModel: 'Example CPU' } }) });

test('the CPU gets measured speeds, and null where nothing can be measured', async () => {
  const machine = await withCalibration(await bare(), temporaryDirectory());
  const speeds = speedsIn(machine);
  const measured = (unit: string) => ({
    value: expect.any(Number),
    unit,
    confidence: 'probed',
    source: expect.stringMatching(/best of \d+, one thread, WebAssembly SIMD$/),
  });
  expect(speeds).toEqual({
    'matmul/fp32': measured('GFLOPS'),
    'matmul/fp16': null,
    'dot/int8': measured('GOPS'),
    memory: measured('GB/s'),
  });
  expect(machine.problems).toEqual([]);
});

describe('kept on disk', () => {
  /** A kept answer that no measurement would give, so that it shows where an answer comes from. */
  async function keptAnswer() {
    const directory = temporaryDirectory();
    const machine = await bare();
    await withCalibration(machine, directory);
    const file = join(directory, 'calibration.json');
    const entry = JSON.parse(readFileSync(file, 'utf8')) as { speeds: Record<string, { value: number }> };
    for (const speed of Object.values(entry.speeds)) if (speed !== null) speed.value = 123_456;
    writeFileSync(file, JSON.stringify(entry));
    return { directory, machine, file };
  }
  const known = async (machine: Machine, directory: string) =>
    withKeptSpeeds(machine, directory) ?? (await withCalibration(machine, directory));
  const fp32 = (machine: Machine) => speedsIn(machine)?.['matmul/fp32']?.value;

  test('used again', async () => {
    const { directory, machine } = await keptAnswer();
    expect(fp32(await known(machine, directory))).toBe(123_456);
  });

  test('told without being asked for, as in a run; not asked for anew', async () => {
    const cacheDirectory = temporaryDirectory();
    expect(speedsIn(await detectMachine({ cacheDirectory }))).toBeUndefined();
    const measured = speedsIn(await detectMachine({ cacheDirectory, calibrate: true }));
    expect(measured?.['matmul/fp32']).toMatchObject({ unit: 'GFLOPS' });
    expect(speedsIn(await detectMachine({ cacheDirectory }))).toEqual(measured);
    expect(speedsIn(await detectMachine({ cacheDirectory, refresh: true }))).toBeUndefined();
  });

  test('not with refresh, nor for another CPU', async () => {
    const { directory, machine } = await keptAnswer();
    const devices = machine.devices.map((device) => ({ ...device, model: 'Another CPU' }));
    expect(fp32(await known({ ...machine, devices }, directory))).toBeLessThan(123_456);
    expect(fp32(await withCalibration(machine, directory))).toBeLessThan(123_456);
  });

  test('damaged: measured again', async () => {
    const { directory, machine, file } = await keptAnswer();
    writeFileSync(file, '{"key":');
    expect(fp32(await known(machine, directory))).toBeLessThan(123_456);
  });
});

test('a recorded host is never given the speed of this machine', async () => {
  const host = temporaryHost({});
  const machine = await detectMachine({ host, calibrate: true, cacheDirectory: temporaryDirectory() });
  expect(speedsIn(machine)).toBeUndefined();
});

describe('speeds in a machine file', () => {
  const declaring = (performance: unknown) =>
    parseMachine({ devices: [{ id: 'gpu0', class: 'gpu', performance }] }, 'hardware.json');

  test('are declared, whoever measured them', async () => {
    const speed = { value: 82_600, unit: 'GFLOPS', confidence: 'probed', source: 'elsewhere' };
    const machineFile = declaring({ 'matmul/fp32': speed, 'matmul/fp16': null });
    const machine = await detectMachine({ host: temporaryHost({}), machineFile });
    expect(machine.devices.find(({ id }) => id === 'gpu0')?.performance).toEqual({
      'matmul/fp32': { value: 82_600, unit: 'GFLOPS', confidence: 'declared', source: 'hardware.json' },
      'matmul/fp16': null,
    });
  });

  test.each([
    ['a bare number', { 'matmul/fp32': 82_600 }, 'a value with its unit'],
    ['no unit', { 'matmul/fp32': { value: 1 } }, 'a value with its unit'],
    ['another unit', { 'matmul/fp32': { value: 1, unit: 'TFLOPS' } }, 'GFLOPS, GOPS or GB/s'],
    ['nothing at all', { 'matmul/fp32': { value: 0, unit: 'GFLOPS' } }, 'a number above 0'],
    ['an unknown precision', { 'matmul/fp31': null }, 'operation/precision such as matmul/fp32'],
    ['a list', [], 'an object of speeds by work'],
  ])('are refused: %s', (_, performance, expected) => {
    expect(() => declaring(performance)).toThrow(expected);
  });
});
