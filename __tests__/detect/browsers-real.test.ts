import { findBrowsers } from '../../src/detect/browsers/find.js';
import { detectMachine } from '../../src/detect/detect.js';
import { liveHost } from '../../src/detect/live-host.js';
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
