import type { Machine, Performance, PerformanceUnit } from '../../core/machine/machine.js';
import { keepSpeeds, type Speeds, withSpeeds } from './kept-speeds.js';
import { scalarKernels, simdKernels } from './kernels.js';
import { type Measurements, measure } from './measure.js';

/**
 * The machine with the measured speed of its CPU, one thread of it. Half-precision numbers stay unmeasured: neither
 * WebAssembly nor JavaScript computes with them.
 * @param directory Where the measurement is kept for the next time.
 */
export async function withCalibration(machine: Machine, directory: string): Promise<Machine> {
  const cpu = machine.devices.find((device) => device.class === 'cpu');
  if (cpu === undefined) return machine;
  const simd = await simdKernels();
  const measurements = await measure(simd ?? scalarKernels());
  const speeds = speedsOf(measurements, simd !== undefined);
  const wrong = Object.entries(measurements).filter(([, { perNanosecond }]) => perNanosecond === undefined);
  if (wrong.length === 0) keepSpeeds(machine, cpu, directory, speeds);
  const problems = wrong.map(([name]) => ({
    message: `the ${name} kernel computed a wrong result on ${cpu.id}: its speed is not told`,
    remedy: 'test the memory and the processor of this machine',
  }));
  const measured = withSpeeds(machine, cpu, speeds);
  return { ...measured, problems: [...measured.problems, ...problems] };
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
