import type { Device, Machine } from '../../core/machine/machine.js';
import { formatBytes } from '../../core/vocabulary/units.js';

/** Share of a declared amount that is enough, as runners of one kind differ a little. Chosen, not measured. */
const tolerance = 0.9;

/**
 * What a machine lacks of what was declared for it, one clause each; empty when nothing is missing. Only the number of CPU
 * threads is compared, not the model: CPU models differ within one kind of CI runner.
 */
export function missingFrom(found: Machine, declared: Machine): readonly string[] {
  const { cpuBudget, memoryBudgetBytes } = declared.machine;
  const missing: string[] = [];
  if (found.machine.cpuBudget < cpuBudget * tolerance) {
    missing.push(`${cpuBudget} CPU threads: found ${found.machine.cpuBudget}`);
  }
  if (found.machine.memoryBudgetBytes < memoryBudgetBytes * tolerance) {
    missing.push(
      `${formatBytes(memoryBudgetBytes)} of memory: found ${formatBytes(found.machine.memoryBudgetBytes)}`,
    );
  }
  // Each declared device needs another device of the machine.
  const free = found.devices.filter(({ usable }) => usable);
  for (const device of declared.devices) {
    if (!device.usable || device.class === 'cpu') continue;
    const at = free.findIndex((candidate) => lacksOf(candidate, device).length === 0);
    if (at >= 0) {
      free.splice(at, 1);
      continue;
    }
    const alike = free.find((candidate) => candidate.class === device.class);
    missing.push(
      alike === undefined
        ? `${nameOf(device)}: found no usable ${device.class}${free.length === 0 ? '' : ' that is not taken'}`
        : `${nameOf(device)}: found ${nameOf(alike)}, which lacks ${lacksOf(alike, device).join(', ')}`,
    );
  }
  return missing;
}

function lacksOf(found: Device, declared: Device): readonly string[] {
  const { model, memoryBytes = 0 } = declared;
  return [
    ...(found.class === declared.class ? [] : [`class ${declared.class}`]),
    ...(model === undefined || model === found.model ? [] : [`model ${model}`]),
    ...((found.memoryBytes ?? 0) < memoryBytes * tolerance ? [formatBytes(memoryBytes)] : []),
    ...declared.backends.filter((backend) => !found.backends.includes(backend)),
  ];
}

function nameOf({ id, class: deviceClass, model }: Device): string {
  return model === undefined ? `${id} (${deviceClass})` : `${id} (${model})`;
}
