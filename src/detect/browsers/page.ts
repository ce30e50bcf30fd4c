import { canvasScript } from './canvas-script.js';
import { webGpuScript } from './webgpu-script.js';

/** The page a browser is sent to: computes and draws with WebGPU, computes with WebNN, posts a `PageAnswer` to `findings` beside it. */
export const page = `<!doctype html><meta charset="utf-8"><title>jest-runner-hardware</title><script type="module">
${webGpuScript}
${canvasScript}
/** A device type that answers proves little, one that multiplies 2x2 matrices at least computes. */
async function probeWebNn(deviceType) {
  if (!navigator.ml) return { status: 'absent', reason: 'no navigator.ml' };
  try {
    return await within(3000, 'WebNN', multiply(deviceType));
  } catch (error) {
    return failure(error);
  }
}

async function multiply(deviceType) {
  const context = await navigator.ml.createContext({ deviceType });
  const shape = { dataType: 'float32', shape: [2, 2] };
  const builder = new MLGraphBuilder(context);
  const graph = await builder.build({ c: builder.matmul(builder.input('a', shape), builder.input('b', shape)) });
  const a = await context.createTensor({ ...shape, writable: true });
  const b = await context.createTensor({ ...shape, writable: true });
  const c = await context.createTensor({ ...shape, readable: true });
  context.writeTensor(a, Float32Array.of(1, 2, 3, 4));
  context.writeTensor(b, Float32Array.of(5, 6, 7, 8));
  context.dispatch(graph, { a, b }, { c });
  const product = Array.from(new Float32Array(await context.readTensor(c)));
  return String(product) === '19,22,43,50'
    ? { status: 'ok' }
    : { status: 'error', reason: 'wrong product ' + product };
}

const calibrate = new URLSearchParams(location.search).has('calibrate');
const webgpu = await probeWebGpu(navigator.gpu, calibrate);
const webnn = {};
for (const deviceType of ['cpu', 'gpu', 'npu']) webnn[deviceType] = await probeWebNn(deviceType);
// Last, because drawing kills the GPU process of some browsers that compute.
const canvas = webgpu.status === 'ok' ? await probeCanvas(navigator.gpu) : undefined;
const full = await navigator.userAgentData?.getHighEntropyValues(['fullVersionList']).catch(() => undefined);
const versions = (full?.fullVersionList ?? []).map(({ brand, version }) => brand + '/' + version);
const userAgent = [navigator.userAgent, ...versions].join(' ');
await fetch('findings', { method: 'POST', body: JSON.stringify({ userAgent, webgpu, webnn, canvas }) });
</script>`;
