/**
 * JavaScript of a browser's page that goes with `webGpuScript`: `probeCanvas(gpu)` draws a red triangle on a blue canvas with
 * WebGPU, copies the canvas as a test or a screenshot would, and compares pixels inside and outside of the triangle. A
 * browser may compute and never show a frame: its canvas stays empty, or its GPU process ends. Never rejects.
 */
export const canvasScript = String.raw`
async function probeCanvas(gpu) {
  try {
    return await within(4000, 'drawing', drawsOnCanvas(gpu));
  } catch (error) {
    return failure(error);
  }
}

async function drawsOnCanvas(gpu) {
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  const device = await adapter.requestDevice();
  const size = { width: side, height: side };
  const canvas = Object.assign(document.createElement('canvas'), size);
  const context = canvas.getContext('webgpu');
  if (!context) return { status: 'absent', reason: 'a canvas has no context webgpu' };
  const format = gpu.getPreferredCanvasFormat();
  context.configure({ device, format, alphaMode: 'opaque' });
  const pipeline = await trianglePipeline(device, format);
  device.queue.submit([triangleOn(device, pipeline, context.getCurrentTexture()).finish()]);
  // In the same task: the texture of a canvas lives no longer than its frame.
  const plane = Object.assign(document.createElement('canvas'), size).getContext('2d', { willReadFrequently: true });
  plane.drawImage(canvas, 0, 0);
  const wrong = wrongPixel(plane.getImageData(0, 0, side, side).data);
  device.destroy();
  return wrong === undefined ? { status: 'ok' } : { status: 'error', reason: wrong };
}

/** Of a square picture, in pixels: a row of it has 256 bytes, the least that WebGPU copies. */
const side = 64;

function trianglePipeline(device, format) {
  const code =
    '@vertex fn corner(@builtin(vertex_index) index: u32) -> @builtin(position) vec4f {\n' +
    '  var corners = array(vec2f(-1.0, -1.0), vec2f(1.0, -1.0), vec2f(-1.0, 1.0));\n' +
    '  return vec4f(corners[index], 0.0, 1.0);\n}\n' +
    '@fragment fn red() -> @location(0) vec4f { return vec4f(1.0, 0.0, 0.0, 1.0); }';
  const module = device.createShaderModule({ code });
  return device.createRenderPipelineAsync({
    layout: 'auto',
    vertex: { module, entryPoint: 'corner' },
    fragment: { module, entryPoint: 'red', targets: [{ format }] },
    primitive: { topology: 'triangle-list' },
  });
}

/** The commands so far, to be finished. */
function triangleOn(device, pipeline, texture) {
  const commands = device.createCommandEncoder();
  const pass = commands.beginRenderPass({
    colorAttachments: [{
      view: texture.createView(), clearValue: { r: 0, g: 0, b: 1, a: 1 }, loadOp: 'clear', storeOp: 'store',
    }],
  });
  pass.setPipeline(pipeline);
  pass.draw(3);
  pass.end();
  return commands;
}

/** Says which of the pixels (RGBA) is not as drawn; undefined when all are. */
function wrongPixel(data) {
  const red = [255, 0, 0, 255];
  const blue = [0, 0, 255, 255];
  // Rows of a picture count from its top: the triangle lies below the diagonal.
  const drawn = [[8, 56, red], [8, 24, red], [40, 56, red], [56, 8, blue], [56, 40, blue], [24, 8, blue]];
  for (const [x, y, color] of drawn) {
    const start = 4 * (y * side + x);
    const found = Array.from(data.slice(start, start + 4));
    if (found.some((value, channel) => Math.abs(value - color[channel]) > 2)) {
      return 'pixel ' + x + ', ' + y + ' is ' + found + ' instead of ' + color;
    }
  }
  return undefined;
}
`;
