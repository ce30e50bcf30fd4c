import type { ContainerEngine } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { type Sourced, sourced } from '../findings/device-draft.js';

/**
 * A file that an engine leaves in its images stays in a virtual machine made of one: only a process that does not see
 * the kernel's own threads is in a container.
 */
export function containerOf(host: Host): Sourced<ContainerEngine> | undefined {
  if (host.platform !== 'linux' || host.readFile('/proc/2/comm')?.trim() === 'kthreadd') return undefined;
  if (host.env.KUBERNETES_SERVICE_HOST !== undefined) {
    return sourced('kubernetes', 'probed', 'KUBERNETES_SERVICE_HOST');
  }
  const signs = [
    ['/run/secrets/kubernetes.io', 'kubernetes'],
    ['/var/run/secrets/kubernetes.io', 'kubernetes'],
    ['/run/.containerenv', 'podman'],
    ['/.dockerenv', 'docker'],
  ] as const;
  const found = signs.find(([path]) => host.exists(path));
  if (found !== undefined) return sourced(found[1], 'probed', found[0]);
  const cgroup = '/proc/self/cgroup';
  const memberships = host.readFile(cgroup) ?? '';
  const byGroup = groups.find(([pattern]) => pattern.test(memberships));
  if (byGroup !== undefined) return sourced(byGroup[1], 'inferred', cgroup);
  const source = '/run/systemd/container';
  const named = host.readFile(source)?.trim() ?? host.env.container;
  // The Windows around is no container: it is told as the kind of virtual machine.
  if (named === undefined || named === '' || named === 'wsl') return undefined;
  return sourced(
    engines[named] ?? 'other',
    'probed',
    host.exists(source) ? source : 'container in the environment',
  );
}

const groups: readonly (readonly [RegExp, ContainerEngine])[] = [
  [/kubepods/, 'kubernetes'],
  [/\/docker[-/]/, 'docker'],
  [/libpod-/, 'podman'],
  [/\/lxc[./]/, 'lxc'],
  [/containerd/, 'containerd'],
];

/** As systemd names them. */
const engines: Readonly<Record<string, ContainerEngine>> = {
  docker: 'docker',
  podman: 'podman',
  oci: 'containerd',
  lxc: 'lxc',
  'lxc-libvirt': 'lxc',
  'systemd-nspawn': 'systemd-nspawn',
};
