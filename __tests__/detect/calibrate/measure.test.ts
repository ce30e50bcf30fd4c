import { type Kernels, scalarKernels, simdKernels } from '../../../src/detect/calibrate/kernels.js';
import { measure } from '../../../src/detect/calibrate/measure.js';

async function simd(): Promise<Kernels> {
  const kernels = await simdKernels();
  if (kernels === undefined) throw new Error('this Node.js has no WebAssembly SIMD');
  return kernels;
}

test('WebAssembly computes what plain JavaScript computes', async () => {
  const kernels = await simd();
  const { memory } = kernels;
  const floats = new Float32Array(memory, 0, 3 * 16 * 16);
  for (let i = 0; i < floats.length; i++) floats[i] = ((i * 13) % 17) - 8;
  // The extremes of int8 among them: -128 x -128 must not overflow.
  const bytes = new Int8Array(memory, 4096, 512);
  for (let i = 0; i < bytes.length; i++) bytes[i] = i % 3 === 0 ? -128 : i * 31;
  const results = [kernels, scalarKernels(memory)].map((each) => {
    each.matmul(0, 1024, 2048, 16);
    const product = [...floats.slice(512)];
    return { product, dot: each.dot(4096, 4352, 256), sum: each.read(0, 8192) };
  });
  expect(results[0]).toEqual(results[1]);
  expect(results[0]?.dot).not.toBe(0);
});

test.each([
  ['SIMD', simd],
  ['scalar', async () => scalarKernels()],
])('every kernel gets a number: %s', async (_, kernelsOf) => {
  const measurements = await measure(await kernelsOf());
  for (const { perNanosecond, runs } of Object.values(measurements)) {
    expect(perNanosecond).toBeGreaterThan(0);
    expect(perNanosecond).toBeLessThan(10_000);
    expect(runs).toBeGreaterThan(0);
  }
});

test('the event loop gets its turn again and again', async () => {
  let turns = 0;
  let measuring = true;
  const count = () => {
    turns++;
    if (measuring) setImmediate(count);
  };
  setImmediate(count);
  await measure(await simd());
  measuring = false;
  expect(turns).toBeGreaterThan(12);
});

test.each(['matmul', 'dot', 'read'] as const)('a wrong result has no speed: %s', async (name) => {
  const kernels = await simd();
  const wrong: Partial<Kernels> = {
    matmul: (a, b, c, n) => {
      kernels.matmul(a, b, c, n);
      new Float32Array(kernels.memory, c, 1).fill(0.5);
    },
    dot: (a, b, length) => kernels.dot(a, b, length) + 1,
    read: (from, bytes) => kernels.read(from, bytes) + 1,
  };
  const measurements = await measure({ ...kernels, [name]: wrong[name] });
  const silent = Object.entries(measurements).filter(([, { perNanosecond }]) => perNanosecond === undefined);
  expect(silent.map(([kernel]) => kernel)).toEqual([name]);
});
