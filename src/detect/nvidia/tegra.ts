import { capabilityByName } from '../../core/machine/nvidia-generation.js';
import type { Host } from '../../host/host.js';
import type { Obstacle } from '../findings/numbered-findings.js';
import type { NvidiaGpu } from './smi.js';
import table from './tegra.json' with { type: 'json' };

/** The GPU inside of a Tegra chip (Jetson, DRIVE): no PCI function, no `nvidia-smi` before JetPack 6. */
export interface TegraGpu extends NvidiaGpu {
  /** What showed it, for a person. */
  readonly source: string;
}

/** By the device tree, which names the chip; where it cannot be read (containers), by the nodes of the chip's driver. */
export function tegraGpuOf(host: Host): TegraGpu | undefined {
  if (host.platform !== 'linux' || host.arch !== 'arm64') return undefined;
  const tree = '/proc/device-tree/compatible';
  const chip = /nvidia,(tegra\d{3})\b/.exec(host.readFile(tree) ?? '')?.[1];
  const node = ['/dev/nvhost-gpu', '/dev/nvgpu/igpu0'].find((path) => host.exists(path));
  const folder = host.readDirectory('/sys/devices/platform').find((name) => /\.(gpu|g[apv]\d+b)$/.test(name));
  const known = table.chips.find(
    (each) => each.chip === chip || (node !== undefined && folder?.endsWith(`.${each.gpu.toLowerCase()}`)),
  );
  // Older Tegras have graphics only, and other makers' chips may have folders of such names.
  if (known === undefined && node === undefined) return undefined;
  const board = host.readFile('/proc/device-tree/model')?.replace(/\0/g, '').trim() || undefined;
  const capability = known?.capability ?? capabilityByName(board ?? '');
  const name = board ?? `NVIDIA ${chip ?? 'Tegra'}`;
  return {
    index: 0,
    name: known === undefined ? name : `${name} (${known.gpu})`,
    integrated: true,
    ...(capability !== undefined && { computeCapability: capability }),
    source: known === undefined ? (node ?? tree) : chip === undefined ? `${folder}` : `${tree} ${chip}`,
  };
}

/** The nodes that a process computes through: those of the chip's own driver. Newer chips have the usual driver's as well. */
export function tegraNodesOf(host: Host): readonly (string | Obstacle)[] {
  const channel = ['/dev/nvhost-gpu', '/dev/nvgpu/igpu0/channel'].find((path) => host.exists(path));
  return [
    channel ?? missing('/dev/nvhost-gpu'),
    host.exists('/dev/nvmap') ? '/dev/nvmap' : missing('/dev/nvmap'),
  ];
}

function missing(path: string): Obstacle {
  return {
    message: `cannot compute: no ${path}`,
    remedy: "boot NVIDIA's kernel (Jetson Linux); in a container pass the GPU: docker run --runtime nvidia",
  };
}
