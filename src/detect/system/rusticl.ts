import type { Host } from '../../host/host.js';

/**
 * The files by which a maker's OpenCL drivers register. Mesa's rusticl registers on every system that has it and shows a
 * device only where the user has switched its driver on: `RUSTICL_ENABLE=radeonsi,panfrost`.
 */
export function openclFiles(host: Host, own: RegExp, mesaDriver: string): RegExp {
  const enabled = (host.env.RUSTICL_ENABLE ?? '').split(',').map((entry) => entry.trim().split(':', 1)[0]);
  return enabled.includes(mesaDriver) ? new RegExp(`${own.source}|^rusticl`) : own;
}
