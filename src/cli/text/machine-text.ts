import type { Machine, MachineFacts } from '../../core/machine/machine.js';
import { machineProblemOf } from '../../core/scheduler/unusable.js';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import { untitledTable } from '../../report/text/table.js';
import { deviceBlock } from './device-text.js';
import { painter, type Screen, sourceText, troubleText } from './screen.js';

/** A machine as a person reads it: budgets and their sources, a block for each device, then problems of no device. */
export function machineText(raw: Machine, screen: Screen): string {
  const { machine, devices, problems } = printableValue(raw);
  const paint = painter(screen);
  const threads = `${Number(machine.cpuBudget.toFixed(2))} ${machine.cpuBudget === 1 ? 'thread' : 'threads'}`;
  const budgets = untitledTable([
    ['machine', machine.name, kindText(machine)],
    ['CPU budget', threads, sourceText(machine.evidence?.cpuBudget)],
    [
      'memory budget',
      formatBytes(machine.memoryBudgetBytes),
      sourceText(machine.evidence?.memoryBudgetBytes),
    ],
  ]);
  const ofDevices = devices.map((device) => machineProblemOf(device, { problems }));
  const blocks = devices.map((device, index) => deviceBlock(device, ofDevices[index], screen));
  const others = problems.filter((problem) => !ofDevices.includes(problem));
  const troubles = others.map((problem) => troubleText(problem, paint)).join('');
  return [`${budgets.join('\n')}\n`, ...blocks, troubles].filter((part) => part !== '').join('\n');
}

/** `linux x64, docker container, virtual machine (kvm), 2 NUMA nodes, GitHub Actions, on battery`. */
function kindText(machine: MachineFacts): string {
  const { platform, arch, container, virtualization, ci, numaNodes = 1, powerSource } = machine;
  const parts = [
    `${platform} ${arch}`,
    container && `${container} container`,
    virtualization && `virtual machine (${virtualization})`,
    numaNodes > 1 && `${numaNodes} NUMA nodes`,
    ci,
    powerSource && `on ${powerSource}`,
  ];
  return parts.filter(Boolean).join(', ');
}
