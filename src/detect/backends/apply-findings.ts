import type { Device } from '../../core/machine/machine.js';
import { type Backend, backends } from '../../core/vocabulary/taxonomy.js';
import type { BackendFinding } from '../findings/probe.js';

/** The devices with the backends that were tried on them: what computed is there, what did not is gone. */
export function applyBackendFindings(
  devices: readonly Device[],
  findings: readonly BackendFinding[],
): readonly Device[] {
  return devices.map((device) =>
    findings.filter((finding) => isAbout(finding, device)).reduce(apply, device),
  );
}

/** An adapter inside a browser is nobody else's device. */
function isAbout(finding: BackendFinding, device: Device): boolean {
  if (!device.usable || device.architecture === 'gpu-webgpu') return false;
  if ('deviceId' in finding) return device.id === finding.deviceId;
  return device.class === finding.class && (finding.vendor === undefined || device.vendor === finding.vendor);
}

function apply(device: Device, { backend, evidence, reason }: BackendFinding): Device {
  const { [backend]: _before, ...others } = device.evidence;
  const { [backend]: _reason, ...otherReasons } = device.lacks ?? {};
  const has = (word: Backend) => (word === backend ? evidence !== undefined : device.backends.includes(word));
  const lacks =
    evidence === undefined && reason !== undefined ? { ...otherReasons, [backend]: reason } : otherReasons;
  const { lacks: _lacks, ...rest } = device;
  return {
    ...rest,
    backends: backends.filter(has),
    evidence: evidence === undefined ? others : { ...others, [backend]: evidence },
    ...(Object.keys(lacks).length > 0 && { lacks }),
  };
}
