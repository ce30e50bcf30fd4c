/**
 * JavaScript that goes with `webGpuScript`: `matmulGflops(device, type)` multiplies 512 x 512 matrices in tiles of 16 x 16,
 * best of a few rounds within about 0.1 s, and compares two rows of the result with plain JavaScript.
 * Gives undefined when they differ.
 */
export const webGpuSpeedScript = String.raw`
async function matmulGflops(device, type) {
  const n = 512;
  const code = (type === 'f16' ? 'enable f16;\n' : '') + ('@group(0) @binding(0) var<storage, read> a: array<T>;\n' +
    '@group(0) @binding(1) var<storage, read> b: array<T>;\n' +
    '@group(0) @binding(2) var<storage, read_write> c: array<T>;\n' +
    'var<workgroup> tileA: array<array<T, 16>, 16>;\n' +
    'var<workgroup> tileB: array<array<T, 16>, 16>;\n' +
    '@compute @workgroup_size(16, 16)\n' +
    'fn main(@builtin(global_invocation_id) g: vec3u, @builtin(local_invocation_id) l: vec3u) {\n' +
    '  var sum = T(0);\n' +
    '  for (var t = 0u; t < 32u; t++) {\n' +
    '    tileA[l.y][l.x] = a[g.y * 512u + t * 16u + l.x];\n' +
    '    tileB[l.y][l.x] = b[(t * 16u + l.y) * 512u + g.x];\n' +
    '    workgroupBarrier();\n' +
    '    for (var k = 0u; k < 16u; k++) { sum += tileA[l.y][k] * tileB[k][l.x]; }\n' +
    '    workgroupBarrier();\n' +
    '  }\n' +
    '  c[g.y * 512u + g.x] = sum;\n' +
    '}').replaceAll('T>', type + '>').replaceAll('T,', type + ',').replaceAll('T(', type + '(');
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  // Numbers so small that every sum is exact, in half precision too.
  const a = Array.from({ length: n * n }, (_, index) => ((index * 7) % 3) - 1);
  const b = Array.from({ length: n * n }, (_, index) => ((index * 5 + (index >> 9)) % 3) - 1);
  const halves = { '-1': 0xbc00, 0: 0, 1: 0x3c00 };
  const encode = (values) => type === 'f16' ? Uint16Array.from(values, (x) => halves[x]) : Float32Array.from(values);
  const size = n * n * (type === 'f16' ? 2 : 4);
  const bufferOf = (values, usage) => {
    const buffer = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | usage });
    if (values) device.queue.writeBuffer(buffer, 0, encode(values));
    return buffer;
  };
  const result = bufferOf(undefined, GPUBufferUsage.COPY_SRC);
  const buffers = [bufferOf(a, GPUBufferUsage.COPY_DST), bufferOf(b, GPUBufferUsage.COPY_DST), result];
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const timed = async (times) => {
    const commands = device.createCommandEncoder();
    const pass = commands.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    for (let time = 0; time < times; time++) pass.dispatchWorkgroups(n / 16, n / 16);
    pass.end();
    const startMs = performance.now();
    device.queue.submit([commands.finish()]);
    await device.queue.onSubmittedWorkDone();
    return (performance.now() - startMs) / times;
  };
  // The first one compiles, the second says how many fill a round.
  await timed(1);
  let bestMs = await timed(1);
  const times = Math.min(64, Math.max(1, Math.round(20 / Math.max(bestMs, 0.1))));
  const endMs = performance.now() + 80;
  do bestMs = Math.min(bestMs, await timed(times)); while (performance.now() < endMs);
  const readable = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const commands = device.createCommandEncoder();
  commands.copyBufferToBuffer(result, 0, readable, 0, size);
  device.queue.submit([commands.finish()]);
  await readable.mapAsync(GPUMapMode.READ);
  const bits = readable.getMappedRange();
  const decode = (half) => {
    const exponent = (half >> 10) & 31;
    return exponent === 0 ? 0 : (half & 0x8000 ? -1 : 1) * 2 ** (exponent - 15) * (1 + (half & 1023) / 1024);
  };
  const product = type === 'f16' ? Array.from(new Uint16Array(bits), decode) : new Float32Array(bits);
  for (const row of [0, n - 1]) {
    for (let column = 0; column < n; column++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += a[row * n + k] * b[k * n + column];
      if (product[row * n + column] !== sum) return undefined;
    }
  }
  return Number(((2 * n ** 3) / (bestMs * 1e6)).toPrecision(3));
}
`;
