import { existsSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Machine } from '../../../src/core/machine/machine.js';
import { findBrowsers } from '../../../src/detect/browsers/find.js';
import { type DetectOptions, detectMachine } from '../../../src/detect/detect.js';
import { temporaryDirectory, temporaryHost } from '../temporary-host.js';

const swiftShader = {
  status: 'ok',
  adapter: {
    vendor: 'google',
    architecture: 'swiftshader',
    device: '0xc0de',
    description: 'SwiftShader Device (Subzero)',
    isFallbackAdapter: true,
  },
  features: ['shader-f16'],
  limits: { maxBufferSize: 268435456 },
  computed: ['fp32', 'fp16'],
};
const rtx = {
  ...swiftShader,
  adapter: { vendor: 'nvidia', architecture: 'ada', device: '', description: '', isFallbackAdapter: false },
  computed: ['fp32'],
};
const nameless = {
  ...swiftShader,
  adapter: { vendor: '', architecture: '', device: '', description: '', isFallbackAdapter: false },
};
const noWebNn = { status: 'absent', reason: 'no navigator.ml' };
const userAgent = 'Mozilla/5.0 HeadlessChrome/156.0.0.0 Not_A Brand/8.0.0.0 Chromium/156.0.8078.79';

function answer(parts: Readonly<Record<string, unknown>> = {}): string {
  const webnn = { cpu: noWebNn, gpu: noWebNn, npu: noWebNn };
  return JSON.stringify({ userAgent, webgpu: swiftShader, webnn, ...parts });
}

/** A browser that gets the page and posts this text as the page would. */
const posting = (body: string) => {
  const script = `
    const url = process.argv.at(-1);
    if (!/navigator\\.gpu/.test(await (await fetch(url)).text())) process.exit(4);
    await fetch(new URL("findings", url), { method: "POST", body: process.env.ANSWER });
    setInterval(() => {}, 1000);`;
  return `ANSWER='${body}' exec '${process.execPath}' --input-type=module -e '${script}' -- "$@"`;
};

const renderNode = { '/dev/dri/renderD128': '' };

/** A machine with one browser, which notes every start with its process id and arguments. */
function machineWith(script: string, parts: { files?: Record<string, string>; name?: string } = {}) {
  const { name = 'chromium', files = {} } = parts;
  const host = temporaryHost({
    files,
    tools: { [name]: `echo "$$ $*" >> "\${0%/*}/../starts"\n${script}` },
  });
  const starts = () => {
    const file = join(host.directory, 'starts');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  const cacheDirectory = join(temporaryDirectory(), 'cache');
  const detect = (options: DetectOptions = {}): Promise<Machine> =>
    detectMachine({ host, cacheDirectory, lazy: ['browsers'], toolTimeoutMs: 60_000, ...options });
  return { host, starts, detect, cacheDirectory, executable: join(host.directory, 'bin', name) };
}

const adapters = ({ devices }: Machine) => devices.filter(({ id }) => id.startsWith('browser-'));

function profileOf(start: string): string {
  const [, profile = ''] = /(?:--user-data-dir=|--profile )(\S+)/.exec(start) ?? [];
  expect(profile.startsWith(tmpdir())).toBe(true);
  return profile;
}

async function untilGone(pid: number): Promise<void> {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A zombie has ended; only somebody else has not noticed yet. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

describe('finding', () => {
  test('on PATH, each browser once', () => {
    const tools = {
      'google-chrome': '',
      'google-chrome-stable': '',
      'firefox-esr': '',
      'chromium-browser': '',
    };
    const host = temporaryHost({ tools });
    expect(findBrowsers(host).map(({ name, path }) => [name, path])).toEqual([
      ['chrome', join(host.directory, 'bin/google-chrome')],
      ['chromium', join(host.directory, 'bin/chromium-browser')],
      ['firefox', join(host.directory, 'bin/firefox-esr')],
    ]);
  });

  test("the newest of Playwright's copies, where nothing is installed", () => {
    const root = '/home/me/.cache/ms-playwright';
    const host = temporaryHost({
      facts: { env: { HOME: '/home/me' } },
      files: {
        [`${root}/chromium_headless_shell-999/chrome-linux/headless_shell`]: '',
        [`${root}/chromium_headless_shell-1187/chrome-linux/headless_shell`]: '',
        [`${root}/chromium-1200/INSTALLATION_COMPLETE`]: '',
      },
    });
    expect(findBrowsers(host)).toMatchObject([
      { name: 'headless-shell', path: `${root}/chromium_headless_shell-1187/chrome-linux/headless_shell` },
    ]);
  });

  test.each([
    [
      'darwin',
      { HOME: '/Users/me' },
      [
        '/Users/me/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
        '/Applications/Safari.app/Contents/MacOS/Safari',
      ],
      ['chrome', 'safari'],
    ],
    [
      'win32',
      { ProgramFiles: 'C:\\Program Files', 'ProgramFiles(x86)': 'C:\\Program Files (x86)' },
      [
        'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
        'C:\\Program Files\\Mozilla Firefox\\firefox.exe',
      ],
      ['edge', 'firefox'],
    ],
  ])('in the usual places of %s', (platform, env, paths, names) => {
    const files = Object.fromEntries(paths.map((path) => [path, '']));
    const found = findBrowsers(temporaryHost({ facts: { platform, env }, files }));
    expect(found.map(({ name }) => name)).toEqual(names);
    expect(found.map(({ path }) => path)).toEqual(paths);
  });

  test('nothing is started where nobody asks, and none on a machine without', async () => {
    const { starts, detect } = machineWith(posting(answer()));
    expect(adapters(await detect({ lazy: [] }))).toEqual([]);
    expect(starts()).toEqual([]);
    const bare = await detectMachine({ host: temporaryHost({}), lazy: ['browsers'] });
    expect(bare.devices.map(({ id }) => id)).toEqual(['cpu']);
    expect(bare.problems).toMatchObject([{ message: expect.stringMatching(/^no browser was found/) }]);
  });
});

describe('a browser that answers', () => {
  test('is a device with what it computed, and how a test starts it', async () => {
    const { detect, executable, starts } = machineWith(posting(answer()));
    const machine = await detect();
    expect(machine.problems).toEqual([]);
    const [device] = adapters(machine);
    expect(device).toMatchObject({
      id: 'browser-chromium',
      class: 'gpu',
      architecture: 'gpu-webgpu',
      model: 'SwiftShader Device (Subzero) in Chromium 156.0.8078.79',
      usable: true,
      software: true,
      backends: ['webgpu'],
      precisions: ['fp32', 'fp16'],
      features: ['compute-shaders'],
      evidence: {
        webgpu: { confidence: 'probed', source: 'Chromium 156.0.8078.79 computed a fp32 shader' },
        software: { confidence: 'inferred', source: expect.stringMatching(/SwiftShader|swiftshader/) },
      },
    });
    const launch = JSON.parse(device?.bindingEnv?.JEST_HARDWARE_BROWSER ?? '');
    expect(launch).toMatchObject({
      executablePath: executable,
      args: expect.arrayContaining(['--headless=new', '--enable-unsafe-webgpu']),
    });
    expect(launch.args.join(' ')).not.toContain('user-data-dir');
    const [start = ''] = starts();
    await untilGone(Number.parseInt(start, 10));
    expect(existsSync(profileOf(start))).toBe(false);
  });

  test('draws where its canvas came back as drawn', async () => {
    const { detect } = machineWith(posting(answer({ canvas: { status: 'ok' } })));
    const machine = await detect();
    expect(machine.problems).toEqual([]);
    expect(adapters(machine)).toMatchObject([
      {
        features: ['compute-shaders', 'canvas'],
        evidence: {
          canvas: {
            confidence: 'probed',
            source: 'Chromium 156.0.8078.79 drew a triangle on a canvas, and its pixels were read back',
          },
        },
      },
    ]);
  });

  test('may compute and draw nothing: it has no canvas, and says why', async () => {
    const canvas = { status: 'error', reason: 'pixel 8, 56 is 0,0,0,0 instead of 255,0,0,255' };
    const { detect } = machineWith(posting(answer({ canvas })));
    const machine = await detect();
    expect(adapters(machine)).toMatchObject([{ backends: ['webgpu'], features: ['compute-shaders'] }]);
    expect(machine.problems.map(({ message }) => message)).toEqual([
      `Chromium: WebGPU computes, but does not draw on a canvas: ${canvas.reason}`,
    ]);
  });

  test('firefox gets its preferences in a profile of its own', async () => {
    const keep = `/bin/cp "$4/user.js" "\${0%/*}/../user.js"\n`;
    const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0';
    const { detect, host } = machineWith(keep + posting(answer({ userAgent: agent, webgpu: nameless })), {
      name: 'firefox',
    });
    const [device] = adapters(await detect());
    expect(readFileSync(join(host.directory, 'user.js'), 'utf8')).toContain(
      'user_pref("dom.webgpu.enabled", true);\n',
    );
    expect(device).toMatchObject({ id: 'browser-firefox', model: 'WebGPU adapter in Firefox 153.0' });
    const { firefoxUserPrefs } = JSON.parse(device?.bindingEnv?.JEST_HARDWARE_BROWSER ?? '');
    expect(firefoxUserPrefs).toMatchObject({ 'dom.webgpu.enabled': true });
  });

  test.each([
    ['a GPU with a device node', rtx, renderNode, false, 'nvidia'],
    ['a GPU that nobody could reach', rtx, {}, true, undefined],
    ['an adapter without a name, with a GPU', nameless, renderNode, false, undefined],
    ['an adapter without a name, without a GPU', nameless, {}, true, undefined],
    ['SwiftShader beside a GPU', swiftShader, renderNode, true, undefined],
    [
      'lavapipe beside a GPU',
      { ...nameless, adapter: { ...nameless.adapter, description: 'llvmpipe (LLVM 15.0.6, 256 bits)' } },
      renderNode,
      true,
      undefined,
    ],
  ])('%s', async (_, webgpu, files, software, vendor) => {
    const [device] = adapters(await machineWith(posting(answer({ webgpu })), { files }).detect());
    expect(device?.software).toBe(software);
    expect(device?.vendor).toBe(vendor);
    expect(device?.precisions).toEqual(webgpu.computed);
  });

  test('WebNN counts for the adapter only where it computed for a GPU', async () => {
    const ok = { status: 'ok' };
    const of = async (webnn: unknown) => {
      const [device] = adapters(await machineWith(posting(answer({ webnn }))).detect());
      return [device?.backends, device?.evidence.webnn?.source];
    };
    expect(await of({ cpu: ok, gpu: noWebNn, npu: ok })).toEqual([['webgpu'], undefined]);
    expect(await of({ cpu: ok, gpu: ok, npu: noWebNn })).toEqual([
      ['webnn', 'webgpu'],
      'Chromium 156.0.8078.79 multiplied matrices by WebNN for deviceType cpu, gpu',
    ]);
  });

  test('is measured on request, not when it is emulated, and not again for who knows already', async () => {
    // Answers with speeds only where the page was asked for them.
    const measuring = (webgpu: object) => {
      const speeds = JSON.stringify({ ...webgpu, gflops: { fp32: 8200 } });
      return `for url; do :; done
case "$url" in *\\?calibrate) ${posting(answer({ webgpu: JSON.parse(speeds) }))};; esac
${posting(answer({ webgpu }))}`;
    };
    const { detect, starts } = machineWith(measuring(rtx), { files: renderNode });
    expect(adapters(await detect())[0]).not.toHaveProperty('performance');
    const [device] = adapters(await detect({ calibrate: true }));
    expect(device?.performance).toEqual({
      'matmul/fp32': { value: 8200, unit: 'GFLOPS', confidence: 'probed', source: expect.any(String) },
      'matmul/fp16': null,
    });
    expect(adapters(await detect())[0]).toEqual(device);
    expect(adapters(await detect({ calibrate: true }))[0]).toEqual(device);
    expect(starts()).toHaveLength(2);
    const emulated = machineWith(measuring(swiftShader), { files: renderNode });
    expect(adapters(await emulated.detect({ calibrate: true }))[0]).not.toHaveProperty('performance');
  });

  test('without an adapter is no device', async () => {
    const webgpu = { status: 'absent', reason: 'no WebGPU adapter' };
    const machine = await machineWith(posting(answer({ webgpu }))).detect();
    expect(adapters(machine)).toEqual([]);
    expect(machine.problems).toMatchObject([
      { message: 'Chromium: WebGPU does not compute: no WebGPU adapter' },
    ]);
  });
});

describe('a browser that does not answer', () => {
  test.each([
    [
      'hangs and has children',
      `/bin/sleep 600 & echo "$! $*" >> "\${0%/*}/../starts"\nwait`,
      1500,
      /did not open our page/,
    ],
    [
      'opens the page and never answers',
      `exec '${process.execPath}' --input-type=module -e 'await fetch(process.argv.at(-1)); setInterval(() => {}, 1000)' -- "$@"`,
      3000,
      /did not (answer|open our page) within/,
    ],
    [
      'crashes',
      'echo "cannot open display" >&2\nexit 3',
      60_000,
      /ended before its page answered: cannot open display/,
    ],
    ['kills itself', 'kill -SEGV $$', 60_000, /ended before its page answered/],
    ['ends well without a word', 'exit 0', 60_000, /ended before its page answered: without a message/],
    ['posts garbage', posting('hello'), 60_000, /posted something else: "hello"/],
    ['posts another shape', posting('{"webgpu": {"status": "ok"}}'), 60_000, /posted something else/],
    [
      'claims a computation of something unknown',
      posting(answer({ webgpu: { ...swiftShader, computed: ['fp1000'] } })),
      60_000,
      /posted something else/,
    ],
    [
      'posts without end',
      `${posting('').replace('process.env.ANSWER', '"x".repeat(10_000_000)')}`,
      60_000,
      /posted something else/,
    ],
  ])('%s: tried twice, reported, nothing left', async (_, script, toolTimeoutMs, message) => {
    const { detect, starts, cacheDirectory } = machineWith(script);
    const machine = await detect({ toolTimeoutMs });
    expect(adapters(machine)).toEqual([]);
    expect(machine.problems).toMatchObject([{ message: expect.stringMatching(message) }]);
    const profiles = new Set(starts().map(profileOf));
    expect(profiles.size).toBe(2);
    for (const profile of profiles) expect(existsSync(profile)).toBe(false);
    for (const start of starts()) await untilGone(Number.parseInt(start, 10));
    expect(existsSync(cacheDirectory)).toBe(false);
  });

  test('one retry is enough for one that comes up late', async () => {
    const script = `[ -e "\${0%/*}/../second" ] || { : > "\${0%/*}/../second"; exit 1; }\n${posting(answer())}`;
    const { detect, starts } = machineWith(script);
    expect(adapters(await detect())).toHaveLength(1);
    expect(starts()).toHaveLength(2);
  });
});

describe('kept answers', () => {
  const negative = answer({ webgpu: { status: 'absent', reason: 'no WebGPU adapter' } });

  test.each([
    ['a working adapter', answer()],
    ['none', negative],
  ])('%s is asked once, and again on request', async (_, body) => {
    const { detect, starts } = machineWith(posting(body));
    const first = await detect();
    expect(await detect()).toEqual(first);
    expect(starts()).toHaveLength(1);
    await detect({ refresh: true });
    expect(starts()).toHaveLength(2);
  });

  test('another executable is asked again', async () => {
    const { detect, starts, executable } = machineWith(posting(answer()));
    await detect();
    const { atimeMs, mtimeMs } = statSync(executable);
    utimesSync(executable, atimeMs / 1000, mtimeMs / 1000 + 5);
    await detect();
    expect(starts()).toHaveLength(2);
  });

  test.each([
    ['a working adapter is kept', answer(), 1],
    ['no adapter is asked for again', negative, 2],
  ])('after an hour %s', async (_, body, times) => {
    const { detect, starts, cacheDirectory } = machineWith(posting(body));
    await detect();
    const file = join(cacheDirectory, 'computed.json');
    const kept = JSON.parse(readFileSync(file, 'utf8')) as Record<string, { atMs: number }>;
    for (const entry of Object.values(kept)) entry.atMs -= 60 * 60 * 1000;
    writeFileSync(file, JSON.stringify(kept));
    await detect();
    expect(starts()).toHaveLength(times);
  });

  test('what did not end in time inside the page is tried twice, and asked again the next time', async () => {
    const late = { status: 'timeout', reason: 'Error: WebNN did not end' };
    const body = answer({ webnn: { cpu: late, gpu: noWebNn, npu: noWebNn } });
    const { detect, starts } = machineWith(posting(body));
    await detect();
    expect(adapters(await detect())).toHaveLength(1);
    expect(starts()).toHaveLength(4);
  });

  test.each(['{"browser-chromium":', 'null', '{"browser-chromium": {"text": 1}}', '[]'])(
    'a damaged file is written anew: %s',
    async (content) => {
      const { detect, starts, cacheDirectory } = machineWith(posting(answer()));
      await detect();
      writeFileSync(join(cacheDirectory, 'computed.json'), content);
      expect(adapters(await detect())).toHaveLength(1);
      await detect();
      expect(starts()).toHaveLength(2);
      expect(readdirSync(cacheDirectory)).toEqual(['computed.json']);
    },
  );
});
