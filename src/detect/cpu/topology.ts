import type { Evidence } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';
import { countCpuList } from '../system/cpu-list.js';

const cpus = '/sys/devices/system/cpu';

/** How Linux shows that cores run several threads each (SMT), on every architecture; undefined where none does. */
export function smtEvidenceOf(host: Host): Evidence | undefined {
  const active = `${cpus}/smt/active`;
  if (host.readFile(active)?.trim() === '1') return { confidence: 'probed', source: active };
  // Kernels built without the switch for SMT have no such file, or one that says 0.
  if (/^(off|forceoff|notsupported)$/.test(host.readFile(`${cpus}/smt/control`)?.trim() ?? ''))
    return undefined;
  for (const name of host.readDirectory(cpus).filter((entry) => /^cpu\d+$/.test(entry))) {
    for (const list of ['core_cpus_list', 'thread_siblings_list']) {
      const source = `${cpus}/${name}/topology/${list}`;
      const threads = countCpuList(host.readFile(source) ?? '');
      if (threads !== undefined && threads > 1) return { confidence: 'probed', source };
      if (threads !== undefined) break;
    }
  }
  return undefined;
}

/** The board's name in the device tree, such as `Raspberry Pi 5 Model B Rev 1.0`; undefined for virtual boards. */
export function boardOf(host: Host): string | undefined {
  const text =
    host.readFile('/proc/device-tree/model') ?? host.readFile('/sys/firmware/devicetree/base/model');
  const name = (text ?? '').replaceAll('\0', '').trim();
  return name === '' || /dummy-virt|riscv-virtio|qemu|foundation-v8/i.test(name) ? undefined : name;
}
