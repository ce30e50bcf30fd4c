import { join } from 'node:path';
import { runCommandLine } from '../../src/cli/command-line.js';
// Loaded here: Jest's modules cannot be loaded on demand side by side.
import '../../src/detect/browsers/probe.js';
import '../../src/detect/browsers/node-webgpu.js';
import '../../src/detect/backends/onnx-providers.js';
import '../../src/detect/backends/vulkan.js';
import { nvidiaAccess, temporaryHost } from '../detect/temporary-host.js';

async function doctor(host: string, ...flags: readonly string[]) {
  let out = '';
  const io = {
    env: {},
    out: (text: string) => {
      out += text;
    },
    err: () => {},
  };
  const code = await runCommandLine(['doctor', '--host', host, ...flags], io);
  return { code, out };
}

const recorded = (name: string) => join(process.cwd(), 'fixtures', 'hosts', name);

test('a machine in order: nothing is wrong, exit code 0', async () => {
  expect(await doctor(recorded('macos-m2'))).toEqual({
    code: 0,
    out: 'nothing is wrong; notes: 0; usable: cpu, gpu0, npu0\n',
  });
});

test('something wrong: it comes first with its remedy, exit code 1', async () => {
  const { code, out } = await doctor(recorded('nvidia-smi-fails'));
  expect(code).toBe(1);
  expect(out).toMatch(/^! nvidia-smi failed: .*\n {2}remedy: .*\n/);
  expect(out).toMatch(/wrong: \d; notes: \d; usable: cpu; not usable: gpu0\n$/);
});

test('notes alone: exit code 0', async () => {
  const { code, out } = await doctor(recorded('container-cgroup-v1'));
  expect(code).toBe(0);
  expect(out).toMatch(/^- Node\.js sees \d+ CPUs, .*cpu\.cfs_quota_us allows 2\.5: .*\n {2}remedy: /);
});

test('nothing is said to be fine where a device cannot be used', async () => {
  const nvidiaSmi = "echo '0, GPU-aa, NVIDIA GeForce RTX 3080, 10240, 550.54, Default, [N/A], 8.6'";
  const files = { '/dev/nvidia0': '', '/proc/driver/nvidia/version': '' };
  const facts = { env: { CUDA_VISIBLE_DEVICES: '-1' } };
  const hidden = await doctor(temporaryHost({ files, facts, tools: { 'nvidia-smi': nvidiaSmi } }).directory);
  expect(hidden.code).toBe(0);
  expect(hidden.out).toMatch(/^- gpu0 .* is hidden by CUDA_VISIBLE_DEVICES=-1\n {2}remedy: unset /m);
  expect(hidden.out).toMatch(/^wrong: 0; notes: \d; usable: cpu; not usable: gpu0\n$/m);
  // Cut into slices as it should be: the slices are usable.
  expect((await doctor(recorded('h100-mig'))).out).toMatch(
    /^nothing is wrong; notes: \d; usable: cpu, gpu0\.mig0, gpu0\.mig1, gpu0\.mig2\n$/m,
  );
});

test('--json prints the findings and nothing else', async () => {
  const { code, out } = await doctor(recorded('h100-mig'), '--json');
  const printed = JSON.parse(out) as { readonly version: number; readonly findings: readonly object[] };
  expect(code).toBe(0);
  expect(printed.version).toBe(1);
  for (const finding of printed.findings) {
    expect(finding).toEqual({
      check: expect.any(String),
      severity: 'note',
      message: expect.any(String),
      remedy: expect.any(String),
    });
  }
});

test('what the stream answers is no exit code', async () => {
  const io = { env: {}, out: () => true, err: () => true };
  expect(await runCommandLine(['doctor', '--host', recorded('macos-m2')], io)).toBe(0);
  expect(await runCommandLine(['doctor', '--help'], io)).toBe(0);
  expect(await runCommandLine(['detect', '--host', recorded('macos-m2')], io)).toBe(0);
});

describe('each check', () => {
  const nvidiaSmi = "echo '0, GPU-aa, NVIDIA GeForce RTX 3080, 10240, 550.54, Default, [N/A], 8.6'";
  const nvidiaFiles = { ...nvidiaAccess, '/proc/driver/nvidia/version': '' };
  const withNvidia = { files: nvidiaFiles, tools: { 'nvidia-smi': nvidiaSmi } };

  /** Its findings on a machine made up. */
  async function findings(check: string, parts: Parameters<typeof temporaryHost>[0]) {
    const { out } = await doctor(temporaryHost(parts).directory, '--json');
    const all = (JSON.parse(out) as { findings: { check: string; severity: string; message: string }[] })
      .findings;
    return all
      .filter((finding) => finding.check === check)
      .map(({ severity, message }) => `${severity}: ${message}`);
  }

  test('detection: what is hidden by a mask is a note, everything else is wrong', async () => {
    const env = { CUDA_VISIBLE_DEVICES: '-1' };
    expect(await findings('detection', { ...withNvidia, facts: { env } })).toEqual([
      'note: gpu0 (NVIDIA GeForce RTX 3080) is hidden by CUDA_VISIBLE_DEVICES=-1',
    ]);
    expect(await findings('detection', { files: nvidiaFiles, tools: { 'nvidia-smi': 'exit 9' } })).toEqual([
      'wrong: nvidia-smi failed: no message',
    ]);
  });

  test('CPU quota: Node.js sees more than is allowed', async () => {
    const files = { '/proc/self/status': 'Cpus_allowed_list:\t0-1\n' };
    expect(await findings('CPU quota', { files, facts: { availableParallelism: 8 } })).toEqual([
      expect.stringContaining('note: Node.js sees 8 CPUs, CPU affinity allows 2'),
    ]);
    expect(await findings('CPU quota', { files, facts: { availableParallelism: 2 } })).toEqual([]);
  });

  test('memory limit', async () => {
    const limited = (totalMemoryBytes: number) => findings('memory limit', { facts: { totalMemoryBytes } });
    expect(await limited(256 * 1024 ** 2)).toEqual([
      expect.stringContaining('wrong: total memory allows 256 MiB'),
    ]);
    expect(await limited(512 * 1024 ** 2)).toEqual([]);
  });

  test('driver without device', async () => {
    const files = { '/proc/driver/nvidia/version': '' };
    expect(await findings('driver without device', { files, tools: { 'nvidia-smi': 'true' } })).toEqual([
      expect.stringContaining('wrong: the driver for GPUs of NVIDIA is loaded'),
    ]);
    expect(await findings('driver without device', withNvidia)).toEqual([]);
  });

  test('CUDA toolkit without driver: what only builds lacks nothing', async () => {
    const files = { '/usr/local/cuda/version.json': '{}' };
    const check = 'CUDA toolkit without driver';
    expect(await findings(check, { files })).toEqual([
      expect.stringMatching(/^note: .*\(\/usr\/local\/cuda\)/),
    ]);
    expect(await findings(check, { ...withNvidia, files: { ...nvidiaFiles, ...files } })).toEqual([]);
    expect(await findings(check, {})).toEqual([]);
  });

  test('detection: a warning about a card that computes is a note', async () => {
    const warned = `${nvidiaSmi}; echo 'WARNING: infoROM is corrupted at gpu 0000:01:00.0'; exit 14`;
    expect(await findings('detection', { files: nvidiaFiles, tools: { 'nvidia-smi': warned } })).toEqual([
      expect.stringMatching(/^note: .*infoROM is corrupted/),
    ]);
  });

  test('libraries: libvulkan', async () => {
    const driver = { '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json': '{}' };
    const loader = { '/usr/lib/x86_64-linux-gnu/libvulkan.so.1': '' };
    expect(await findings('libraries', { files: driver })).toEqual([
      expect.stringContaining('(lvp_icd.x86_64.json), but not its loader libvulkan.so.1'),
    ]);
    expect(await findings('libraries', { files: { ...driver, ...loader } })).toEqual([]);
  });

  test('packages without their part for the GPU', async () => {
    const facts = { workingDirectory: '/app' };
    const cpuOnly = { '/app/node_modules/onnxruntime-node/package.json': '{}' };
    const provider = {
      '/app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so': '',
    };
    const at = (files: Record<string, string>) =>
      findings('packages', { ...withNvidia, facts, files: { ...nvidiaFiles, ...files } });
    expect(await at(cpuOnly)).toEqual([
      expect.stringContaining('note: onnxruntime-node is installed without'),
    ]);
    expect(await at({ ...cpuOnly, ...provider })).toEqual([]);
    expect(await findings('packages', { facts, files: cpuOnly })).toEqual([]);
  });
});

test('a counter of energy that only root may read is a note with the remedy', async () => {
  const { code, out } = await doctor(recorded('linux-laptop'));
  expect(code).toBe(0);
  expect(out).toMatch(
    /^- the CPU counts its energy .*intel-rapl:0\/energy_uj.*\n {2}remedy: sudo chmod a\+r /m,
  );
  expect((await doctor(recorded('radeon-desktop'))).out).not.toContain('counts its energy');
});

describe('--browsers', () => {
  const absent = { status: 'absent', reason: 'no navigator.ml' };
  const webnn = { cpu: absent, gpu: absent, npu: absent };
  const answer = (webgpu: object) => {
    const body = JSON.stringify({ userAgent: 'Chromium/156.0', webgpu, webnn });
    return `for url; do :; done
exec '${process.execPath}' -e '
fetch(process.argv[1] + "findings", { method: "POST", body: process.argv[2] });
' "$url" '${body}'`;
  };
  const chromium = (webgpu: object) =>
    temporaryHost({ tools: { 'chromium-headless-shell': answer(webgpu) } }).directory;

  test('a browser without WebGPU is wrong, and none is too', async () => {
    const { code, out } = await doctor(
      chromium({ status: 'absent', reason: 'no navigator.gpu' }),
      '--browsers',
    );
    expect(code).toBe(1);
    expect(out).toMatch(
      /^! Chromium headless shell: WebGPU does not compute: no navigator\.gpu\n {2}remedy: /m,
    );
    expect((await doctor(temporaryHost({}).directory, '--browsers')).out).toMatch(/^! no browser was found/m);
    expect((await doctor(temporaryHost({}).directory)).out).not.toContain('browser');
  });

  test('an adapter that is emulated is a note', async () => {
    const adapter = {
      vendor: 'google',
      architecture: 'swiftshader',
      device: '',
      description: '',
      isFallbackAdapter: false,
    };
    const works = { status: 'ok', adapter, features: [], limits: {}, computed: ['fp32'] };
    const { code, out } = await doctor(chromium(works), '--browsers');
    expect(code).toBe(0);
    expect(out).toMatch(/^- browser-headless-shell .* is emulated on the CPU \(adapter swiftshader\): /m);
    expect(out).toContain('usable: cpu, browser-headless-shell');
  });
});

describe('--backends', () => {
  test('tries what suites may ask for', async () => {
    const { code, out } = await doctor(recorded('linux-laptop'), '--backends', 'torch');
    expect(code).toBe(1);
    expect(out).toMatch(
      /^! PyTorch does not compute: python3 was not found\n {2}remedy: install it, or name /m,
    );
  });

  test('with a word that is no backend is an error', async () => {
    const { code } = await doctor(recorded('linux-laptop'), '--backends', 'pytorsh');
    expect(code).toBe(2);
  });
});
