import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device, Machine, Performance, PerformanceUnit } from '../../core/machine.js';
import { packageVersion } from '../package-version.js';
import { store } from '../tool-cache.js';
import { scalarKernels, simdKernels } from './kernels.js';
import { type Measurements, measure } from './measure.js';

type Speeds = NonNullable<Device['performance']>;

/**
 * The machine with the measured speed of its CPU, one thread of it. Half-precision numbers stay unmeasured: neither
 * WebAssembly nor JavaScript computes with them.
 * @param directory Where measurements are kept, by CPU model, Node and package version.
 * @param trusted A kept measurement is used; false: measured again.
 */
export async function withCalibration(
  machine: Machine,
  directory: string,
  trusted: boolean,
): Promise<Machine> {
  const cpu = machine.devices.find((device) => device.class === 'cpu');
  if (cpu === undefined) return machine;
  const file = join(directory, 'calibration.json');
  const key = JSON.stringify([cpu.model, machine.machine.arch, process.version, packageVersion()]);
  const kept = trusted ? load(file, key) : undefined;
  if (kept !== undefined) return withSpeeds(machine, cpu, kept);
  const simd = await simdKernels();
  const measurements = await measure(simd ?? scalarKernels());
  const speeds = speedsOf(measurements, simd !== undefined);
  const wrong = Object.entries(measurements).filter(([, { perNanosecond }]) => perNanosecond === undefined);
  if (wrong.length === 0) store(directory, file, { key, speeds });
  const problems = wrong.map(([name]) => ({
    message: `the ${name} kernel computed a wrong result on ${cpu.id}: its speed is not told`,
    remedy: 'test the memory and the processor of this machine',
  }));
  const measured = withSpeeds(machine, cpu, speeds);
  return { ...measured, problems: [...measured.problems, ...problems] };
}

function withSpeeds(machine: Machine, cpu: Device, performance: Speeds): Machine {
  const devices = machine.devices.map((device) => (device === cpu ? { ...device, performance } : device));
  return { ...machine, devices };
}

function speedsOf({ matmul, dot, read }: Measurements, simd: boolean): Speeds {
  const how = simd ? 'WebAssembly SIMD' : 'plain JavaScript, WebAssembly SIMD is missing';
  const speed = (what: string, unit: PerformanceUnit, { perNanosecond, runs }: Measurements['dot']) =>
    perNanosecond === undefined
      ? null
      : ({
          value: Number(perNanosecond.toPrecision(3)),
          unit,
          confidence: 'probed',
          source: `${what}, best of ${runs}, one thread, ${how}`,
        } satisfies Performance);
  return {
    'matmul/fp32': speed('product of 64 x 64 matrices', 'GFLOPS', matmul),
    'matmul/fp16': null,
    'dot/int8': speed('dot product of 4096 numbers', 'GOPS', dot),
    memory: speed('reading 32 MiB', 'GB/s', read),
  };
}

function load(file: string, key: string): Speeds | undefined {
  try {
    const entry = JSON.parse(readFileSync(file, 'utf8')) as { key?: unknown; speeds?: Speeds } | null;
    if (entry?.key !== key || typeof entry.speeds !== 'object' || entry.speeds === null) return undefined;
    return Object.values(entry.speeds).every(isSpeed) ? entry.speeds : undefined;
  } catch {
    // Missing or damaged: measured again and written anew.
    return undefined;
  }
}

function isSpeed(speed: Partial<Performance> | null): boolean {
  return speed === null || (typeof speed.value === 'number' && typeof speed.source === 'string');
}
