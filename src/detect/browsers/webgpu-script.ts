import { softwareNames } from './software-names.js';
import { webGpuSpeedScript } from './webgpu-speed-script.js';

/**
 * JavaScript that runs in a browser's page and in Node's `webgpu` package alike: `probeWebGpu(gpu, calibrate)` takes the
 * adapter one gets, really computes with it, reads back and compares; with `calibrate` it also measures how fast that is,
 * unless the adapter is emulated. Never rejects; its answer is a `WebGpuAnswer`.
 */
export const webGpuScript = String.raw`
${webGpuSpeedScript}
const within = (limitMs, what, work) => {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(Object.assign(new Error(what + ' did not end'), { late: true })), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
};
const failure = (error) => ({ status: error && error.late ? 'timeout' : 'error', reason: String(error).slice(0, 300) });

async function probeWebGpu(gpu, calibrate) {
  if (!gpu) return { status: 'absent', reason: 'no navigator.gpu' };
  try {
    const adapter = await within(3000, 'requestAdapter', gpu.requestAdapter({ powerPreference: 'high-performance' }));
    if (!adapter) return { status: 'absent', reason: 'no WebGPU adapter' };
    const info = adapter.info || {};
    const described = {
      vendor: info.vendor || '', architecture: info.architecture || '', device: info.device || '',
      description: info.description || '',
      isFallbackAdapter: Boolean(info.isFallbackAdapter || adapter.isFallbackAdapter),
    };
    const features = [...adapter.features].map(String);
    const limits = {};
    for (const name of ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeInvocationsPerWorkgroup']) {
      limits[name] = Number(adapter.limits[name]);
    }
    const half = features.includes('shader-f16');
    const device = await within(3000, 'requestDevice', adapter.requestDevice({ requiredFeatures: half ? ['shader-f16'] : [] }));
    const computed = [];
    if (await within(4000, 'the fp32 shader', computes(device, 'f32'))) computed.push('fp32');
    if (half && (await within(4000, 'the fp16 shader', computes(device, 'f16').catch(() => false)))) computed.push('fp16');
    const gflops = {};
    const emulated = described.isFallbackAdapter || ${softwareNames}.test(Object.values(described).join(' '));
    if (calibrate && !emulated) {
      for (const precision of computed) {
        // It computes, whatever becomes of the measurement.
        const measured = within(4000, 'the product', matmulGflops(device, precision.replace('fp', 'f')));
        gflops[precision] = await measured.catch(() => undefined);
      }
    }
    device.destroy();
    return computed.includes('fp32')
      ? { status: 'ok', adapter: described, features, limits, computed, ...(calibrate && { gflops }) }
      : { status: 'error', reason: 'a shader gave wrong numbers', adapter: described };
  } catch (error) {
    return failure(error);
  }
}

/** Whether 64 numbers come back as x * 2 + 1, computed in this type. */
async function computes(device, type) {
  const input = Float32Array.from({ length: 64 }, (_, index) => index * 3 + Math.floor(Math.random() * 100));
  const code = (type === 'f16' ? 'enable f16;\n' : '') +
    '@group(0) @binding(0) var<storage, read_write> data: array<f32>;\n' +
    '@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {\n' +
    '  data[id.x] = f32(' + type + '(data[id.x]) * ' + type + '(2.0) + ' + type + '(1.0));\n}';
  const pipeline = await device.createComputePipelineAsync({
    layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: 'main' },
  });
  const size = input.byteLength;
  const storage = device.createBuffer({
    size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
  const result = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(storage, 0, input);
  const commands = device.createCommandEncoder();
  const pass = commands.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: storage } }],
  }));
  pass.dispatchWorkgroups(1);
  pass.end();
  commands.copyBufferToBuffer(storage, 0, result, 0, size);
  device.queue.submit([commands.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  const output = new Float32Array(result.getMappedRange());
  return input.every((x, index) => output[index] === x * 2 + 1);
}
`;
