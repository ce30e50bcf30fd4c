import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findBrowsers } from '../../src/detect/browsers/find.js';
import { commandLine, launchOptionsOf } from '../../src/detect/browsers/launch.js';
import { webGpuSpeedScript } from '../../src/detect/browsers/webgpu-speed-script.js';
import { detectMachine } from '../../src/detect/detect.js';
import { liveHost } from '../../src/detect/live-host.js';
import { chromiumFromNpm } from './chromium-from-npm.js';
import { temporaryDirectory } from './temporary-host.js';

const shell = findBrowsers(liveHost()).find(({ name }) => name === 'headless-shell');
const install = 'apt-get install -y chromium-headless-shell';

if (shell === undefined && process.env.CI) {
  test('the headless shell of Chromium is installed', () => {
    throw new Error(`these tests need a real browser: ${install}`);
  });
}

const withShell = shell === undefined ? test.skip : test;

withShell(
  `a real browser computes (needs: ${install})`,
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
    expect(machine.problems.filter(({ message }) => message.startsWith('Chromium'))).toEqual([]);
    const device = machine.devices.find(({ id }) => id === 'browser-headless-shell');
    expect(device).toMatchObject({
      usable: true,
      architecture: 'gpu-webgpu',
      backends: expect.arrayContaining(['webgpu']),
      precisions: expect.arrayContaining(['fp32']),
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

withShell(
  `matrices are multiplied right, and timed (needs: ${install})`,
  async () => {
    // The script alone: an emulated adapter is not measured otherwise.
    const script = `${webGpuSpeedScript}
      const answer = {};
      try {
        const adapter = await navigator.gpu.requestAdapter();
        const half = adapter.features.has('shader-f16');
        const device = await adapter.requestDevice({ requiredFeatures: half ? ['shader-f16'] : [] });
        answer.fp32 = await matmulGflops(device, 'f32');
        if (half) answer.fp16 = await matmulGflops(device, 'f16');
      } catch (error) {
        answer.error = String(error);
      }
      await fetch('answer', { method: 'POST', body: JSON.stringify(answer) });`;
    let receive: (body: string) => void = () => {};
    const posted = new Promise<string>((resolve) => {
      receive = resolve;
    });
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      request.on('end', () => {
        if (request.method === 'POST') receive(body);
        response.setHeader('content-type', 'text/html').end(`<script type="module">${script}</script>`);
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
      const answer = JSON.parse(await posted) as Record<string, unknown>;
      expect(answer).not.toHaveProperty('error');
      // A wrong product has no speed, and JSON leaves it out.
      expect(answer['fp32']).toBeGreaterThan(0);
      process.stderr.write(`headless shell: ${JSON.stringify(answer)} GFLOPS\n`);
    } finally {
      ended.abort();
      await browser;
      server.close();
      server.closeAllConnections();
    }
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
    expect(machine.problems).toEqual([]);
    const device = machine.devices.find(({ id }) => id === 'browser-headless-shell');
    expect(device?.backends).toEqual(['webnn', 'webgpu']);
    // The CPU answers for an NPU too: that proves none, and none is claimed.
    expect(device?.evidence['webnn']?.source).toContain('for deviceType cpu, gpu, npu');
    expect(machine.devices.map(({ class: deviceClass }) => deviceClass)).not.toContain('npu');
  },
  120_000,
);
