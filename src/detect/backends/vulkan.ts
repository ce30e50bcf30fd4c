import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import type { Probe } from '../findings/probe.js';
import { vulkanDriversOf } from '../system/icd.js';
import { parseVulkaninfo } from './vulkaninfo.js';

/** Which makers' GPUs Vulkan really reaches, asked of `vulkaninfo` where a driver for Vulkan is installed. */
export const vulkaninfo: Probe = async (host, { timeoutMs, signal }) => {
  if (!hasDriver(host)) return { devices: [], problems: [] };
  const isAnswer = (stdout: string) => parseVulkaninfo(stdout) !== undefined;
  const outcome = await host.run('vulkaninfo', ['--summary'], { timeoutMs, signal, isAnswer });
  if (outcome.status === 'timeout') {
    const message = `vulkaninfo did not answer within ${timeoutMs / 1000} s`;
    return { devices: [], problems: [{ message, remedy: 'run `vulkaninfo --summary` by hand' }] };
  }
  // A tool that is missing or fails proves nothing: what is installed still counts.
  const listed = outcome.status === 'ok' ? parseVulkaninfo(outcome.stdout) : undefined;
  if (listed === undefined) return { devices: [], problems: [] };
  const gpus = listed.filter(({ type }) => type !== 'CPU');
  const backendFindings = Object.entries(vendorIds).map(([vendor, id]) => {
    const gpu = gpus.find(({ vendorId }) => vendorId === id);
    const evidence = gpu && ({ confidence: 'probed', source: `vulkaninfo names ${gpu.name}` } as const);
    return { class: 'gpu', vendor: vendor as Vendor, backend: 'vulkan', evidence } as const;
  });
  return { devices: [], problems: [], backendFindings };
};

const vendorIds = {
  nvidia: 0x10de,
  amd: 0x1002,
  intel: 0x8086,
  apple: 0x106b,
  qualcomm: 0x5143,
  arm: 0x13b5,
} as const satisfies Partial<Record<Vendor, number>>;

function hasDriver(host: Host): boolean {
  if (host.platform === 'win32') return host.exists(`${host.env.SystemRoot}\\System32\\vulkan-1.dll`);
  return vulkanDriversOf(host).length > 0;
}
