import type { Evidence } from '../../core/machine/machine.js';
import type { Architecture, Vendor } from '../../core/vocabulary/taxonomy.js';
import { deviceOf, sourced } from '../findings/device-draft.js';
import type { Probe } from '../findings/probe.js';
import { directMlOf } from '../system/directml.js';

/** GPUs of AMD and Intel in WSL: the Windows around it shows them by its drivers alone. NVIDIA's have a probe. */
export const wsl: Probe = async (host) => {
  if (host.platform !== 'linux' || !host.exists('/dev/dxg')) return { devices: [], problems: [] };
  const directml = directMlOf(host);
  const folders = host.readDirectory(driverFolder);
  const found = drivers.filter(({ pattern }) => folders.some((name) => pattern.test(name)));
  const devices = found.map(({ pattern, vendor, architecture, name }, index) => {
    const source = `${driverFolder}/${folders.find((folder) => pattern.test(folder))}`;
    const spec: Evidence = { confidence: 'spec', source: 'every GPU computes it' };
    return deviceOf({
      id: `gpu${index}`,
      class: 'gpu',
      usable: directml.directml !== undefined,
      software: false,
      vendor: sourced(vendor, 'inferred', source),
      architecture: sourced(architecture, 'inferred', source),
      model: sourced(`${name} GPU of the Windows around`, 'inferred', source),
      backends: directml,
      precisions: { fp32: spec },
      features: {},
    });
  });
  const problems = devices
    .filter(({ usable }) => !usable)
    .map(({ id, model }) => ({
      message: `${id} (${model}) cannot compute: no /usr/lib/wsl/lib/libd3d12.so`,
      remedy: 'run `wsl --update` in Windows',
    }));
  return { devices, problems };
};

const driverFolder = '/usr/lib/wsl/drivers';

/** By the names of the drivers' folders in Windows' driver store. */
const drivers: readonly {
  readonly pattern: RegExp;
  readonly vendor: Vendor;
  readonly architecture: Architecture;
  readonly name: string;
}[] = [
  { pattern: /^u\d{6,}\.inf_/, vendor: 'amd', architecture: 'gpu-rocm', name: 'AMD' },
  { pattern: /^iigd|^igdlh/, vendor: 'intel', architecture: 'gpu-intel', name: 'Intel' },
];
