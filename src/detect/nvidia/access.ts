import type { Host } from '../../host/host.js';
import type { Obstacle } from '../findings/numbered-findings.js';
import type { ProbeOptions } from '../findings/probe.js';
import { closedNode } from '../system/closed-node.js';
import { containerOf } from '../system/container.js';
import { libraryPath, pathInListing } from '../system/library.js';
import { tegraGpuOf, tegraNodesOf } from './tegra.js';

/**
 * That a management tool answers proves nothing: a process computes where it can load the driver's library and open the
 * driver's nodes. Both are looked at whoever told of the GPU, and named as the evidence of its backend `cuda`. CUDA
 * itself is not started, which takes up to seconds: what it could add, a GPU that fails although all of this is there, is
 * what `nvidia-smi` is asked for in every detection.
 */
export interface Access {
  readonly obstacle?: Obstacle;
  /** Nodes and library that a process computes through, for a person. */
  readonly evidence: readonly string[];
}

/** Where a process would load `libcuda.so.1` from. */
export async function cudaLibraryOf(
  host: Host,
  { timeoutMs, signal }: ProbeOptions,
): Promise<string | undefined> {
  const name = 'libcuda.so.1';
  const found = libraryPath(host, name) ?? windowsLibrary(host);
  if (found !== undefined || host.platform !== 'linux') return found;
  // Only before a GPU is given up, and where the loader's cache cannot be read.
  if (host.exists('/etc/ld.so.cache')) return undefined;
  for (const tool of ['ldconfig', '/sbin/ldconfig']) {
    const { status, stdout } = await host.run(tool, ['-p'], { timeoutMs, signal, keep: 'hangs' });
    if (status === 'ok') return pathInListing(host, stdout, name);
  }
  return undefined;
}

/** WSL's library loads the one that Windows keeps beside its driver; engines may mount that one alone. */
function windowsLibrary(host: Host): string | undefined {
  const store = '/usr/lib/wsl/drivers';
  const names = ['libcuda.so.1.1', 'libcuda.so.1'];
  return host
    .readDirectory(store)
    .filter((folder) => folder.startsWith('nv'))
    .flatMap((folder) => names.map((name) => `${store}/${folder}/${name}`))
    .find((path) => host.exists(path));
}

/** @param minor The number in `/dev/nvidia<n>` of this GPU, where the driver tells it. */
export function accessTo(host: Host, library: string | undefined, minor: number | undefined): Access {
  if (host.platform !== 'linux') return { evidence: [] };
  const nodes = host.exists('/dev/dxg') ? ['/dev/dxg'] : nodesOf(host, minor);
  const obstacle = firstObstacle(host, nodes);
  // The chip inside of a Tegra has nodes of its own, newer ones the usual driver's as well.
  const other = obstacle && tegraGpuOf(host) && tegraNodesOf(host);
  const stillMissing = other ? firstObstacle(host, other) : obstacle;
  if (stillMissing !== undefined) return { obstacle: stillMissing, evidence: [] };
  if (library === undefined) return { obstacle: missingLibrary(host), evidence: [] };
  return { evidence: [...(other ?? nodes).filter((node) => typeof node === 'string'), library] };
}

/** The first thing that keeps a process from computing through these nodes. */
function firstObstacle(host: Host, nodes: readonly (string | Obstacle)[]): Obstacle | undefined {
  return nodes
    .map((node) => (typeof node === 'string' ? nodeObstacle(host, node) : node))
    .find((obstacle) => obstacle !== undefined);
}

function nodesOf(host: Host, minor: number | undefined): readonly (string | Obstacle)[] {
  const uvm = '/dev/nvidia-uvm';
  const needed = [gpuNode(host, minor), '/dev/nvidiactl'];
  return isMadeOnDemand(host, uvm) ? needed : [...needed, uvm];
}

/** Outside of containers CUDA starts `nvidia-modprobe`, which loads the module and makes the node. */
function isMadeOnDemand(host: Host, uvm: string): boolean {
  if (host.exists(uvm) || containerOf(host) !== undefined) return false;
  return ['/usr/bin/nvidia-modprobe', '/run/wrappers/bin/nvidia-modprobe'].some((path) => host.exists(path));
}

/** Without its number any node that opens may be this GPU's. */
function gpuNode(host: Host, minor: number | undefined): string | Obstacle {
  if (minor !== undefined) return `/dev/nvidia${minor}`;
  const nodes = host
    .readDirectory('/dev')
    .filter((name) => /^nvidia\d+$/.test(name))
    .map((name) => `/dev/${name}`);
  return nodes.find((node) => host.mayOpen(node)) ?? nodes[0] ?? missingNode('/dev/nvidia<n>');
}

function nodeObstacle(host: Host, path: string): Obstacle | undefined {
  if (!host.exists(path)) return missingNode(path);
  return host.mayOpen(path) ? undefined : closedNode(path);
}

function missingNode(path: string): Obstacle {
  const remedy =
    path === '/dev/nvidia-uvm'
      ? 'sudo nvidia-modprobe -u -c 0; in a container pass the node too: --device /dev/nvidia-uvm, or docker run --gpus all'
      : "load the driver (sudo modprobe nvidia); in a container pass the GPU with its libraries: docker run --gpus all, or --device for each of the driver's nodes";
  return { message: `cannot compute: no ${path}`, remedy };
}

function missingLibrary(host: Host): Obstacle {
  const message = 'cannot compute: no libcuda.so.1';
  const capabilities = host.env.NVIDIA_DRIVER_CAPABILITIES;
  if (capabilities !== undefined && !/\b(compute|all)\b/.test(capabilities)) {
    const remedy = `start the container with NVIDIA_DRIVER_CAPABILITIES=compute,utility: ${JSON.stringify(capabilities)} leaves the library out`;
    return { message, remedy };
  }
  const outside = '/usr/local/nvidia/lib64';
  if (host.exists(`${outside}/libcuda.so.1`)) {
    return {
      message: `${message} that the loader finds`,
      remedy: `add ${outside} to LD_LIBRARY_PATH`,
    };
  }
  return {
    message,
    remedy:
      "install the driver's user-space part, or add its folder to LD_LIBRARY_PATH; in a container pass the GPU with its libraries: docker run --gpus all, NVIDIA_DRIVER_CAPABILITIES=compute,utility",
  };
}
