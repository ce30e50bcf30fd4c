import type { Evidence, MachineFacts, PowerSource } from '../core/machine/machine.js';
import type { Virtualization } from '../core/vocabulary/taxonomy.js';
import type { Host } from '../host/host.js';
import { cpuBudgetOf, memoryBudgetOf } from './budget/budget.js';
import { ciOf } from './ci.js';
import { type Sourced, sourced } from './findings/device-draft.js';
import { containerOf } from './system/container.js';

/** Budgets of the machine and what kind of machine it is; all of it read from files, nothing started. */
export function machineFactsOf(host: Host): MachineFacts {
  const cpu = cpuBudgetOf(host);
  const memory = memoryBudgetOf(host);
  const told = Object.entries({
    numaNodes: numaNodesOf(host),
    container: containerOf(host),
    virtualization: virtualizationOf(host),
    ci: ciOf(host),
    powerSource: powerSourceOf(host),
  }).flatMap(([name, fact]) => (fact === undefined ? [] : [{ name, ...(fact as Sourced<unknown>) }]));
  return {
    name: 'local',
    platform: host.platform,
    arch: host.arch,
    cpuBudget: cpu.amount,
    memoryBudgetBytes: memory.amount,
    ...(Object.fromEntries(told.map(({ name, value }) => [name, value])) as Partial<MachineFacts>),
    evidence: {
      cpuBudget: cpu.evidence,
      memoryBudgetBytes: memory.evidence,
      ...(Object.fromEntries(told.map(({ name, evidence }) => [name, evidence])) as Record<string, Evidence>),
    },
  };
}

function numaNodesOf(host: Host): Sourced<number> | undefined {
  const directory = '/sys/devices/system/node';
  const nodes = host.readDirectory(directory).filter((name) => /^node\d+$/.test(name)).length;
  return nodes === 0 ? undefined : sourced(nodes, 'probed', directory);
}

function virtualizationOf(host: Host): Sourced<Virtualization> | undefined {
  if (host.platform !== 'linux') return undefined;
  if (/microsoft/i.test(host.release)) return sourced('wsl', 'probed', `release ${host.release}`);
  const read = (path: string) => host.readFile(path)?.trim() ?? '';
  const dmi = '/sys/class/dmi/id';
  const [vendor, product] = [read(`${dmi}/sys_vendor`), read(`${dmi}/product_name`)];
  const firmware = `${vendor} ${product}`.trim();
  // Amazon's machines without a hypervisor bear the same vendor.
  const byFirmware = /\bmetal\b/.test(product)
    ? undefined
    : firmwares.find(([pattern]) => pattern.test(firmware))?.[1];
  if (byFirmware !== undefined) return sourced(byFirmware, 'probed', `${dmi} ${firmware}`);
  if (read('/sys/hypervisor/type') === 'xen') return sourced('xen', 'probed', '/sys/hypervisor/type');
  const tree = '/proc/device-tree/hypervisor/compatible';
  if (read(tree).includes('kvm')) return sourced('kvm', 'probed', tree);
  const flags = /^flags\s*:(.*)$/m.exec(host.readFile('/proc/cpuinfo') ?? '')?.[1] ?? '';
  if (!flags.split(/\s+/).includes('hypervisor')) return undefined;
  const flag = '/proc/cpuinfo hypervisor';
  return firmware === ''
    ? sourced('microvm', 'inferred', `${flag}, and no firmware (${dmi})`)
    : sourced('other', 'probed', `${flag}, ${dmi} ${firmware}`);
}

/** Of virtual machines alone: `Microsoft Corporation` without `Virtual Machine` makes laptops. */
const firmwares: readonly (readonly [RegExp, Virtualization])[] = [
  [/VMware/, 'vmware'],
  [/VirtualBox|innotek/, 'virtualbox'],
  [/Microsoft Corporation Virtual Machine/, 'hyper-v'],
  [/Amazon EC2/, 'amazon-nitro'],
  [/Google Compute Engine/, 'google'],
  [/Apple Virtualization/, 'apple'],
  [/\bXen\b/, 'xen'],
  [/\bKVM\b|OpenStack|RHEV|oVirt/, 'kvm'],
  [/QEMU|Bochs/, 'qemu'],
];

function powerSourceOf(host: Host): Sourced<PowerSource> | undefined {
  const directory = '/sys/class/power_supply';
  const supplies = host.readDirectory(directory).map((name) => {
    const read = (attribute: string) => host.readFile(`${directory}/${name}/${attribute}`)?.trim();
    return { name, type: read('type'), scope: read('scope'), online: read('online'), status: read('status') };
  });
  // A mouse has a battery too; it says that it is not the system's.
  const battery = supplies.find(({ type, scope }) => type === 'Battery' && scope !== 'Device');
  if (battery === undefined) return undefined;
  const mains = supplies.find(({ type, online }) => type !== 'Battery' && online === '1');
  if (mains !== undefined) return sourced('mains', 'probed', `${directory}/${mains.name} online`);
  return sourced(
    battery.status === 'Discharging' ? 'battery' : 'mains',
    'probed',
    `${directory}/${battery.name} ${battery.status ?? ''}`.trim(),
  );
}
