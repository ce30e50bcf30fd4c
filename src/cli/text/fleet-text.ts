import { slotsToOffer } from '../../core/machine/machine.js';
import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes } from '../../core/vocabulary/units.js';
import type { FleetList, FleetMember } from '../../remote/fleet-list.js';
import type { DeviceSetAside } from '../../remote/set-aside-here.js';
import { table } from '../../report/text/table.js';
import type { Screen } from './screen.js';

/** Who is in a fleet: a line for each device of each machine, with how much of it is used. */
export function fleetText(raw: FleetList, { width }: Screen): string {
  const { address, machines, unproved } = printableValue(raw);
  const count = `${machines.length} ${machines.length === 1 ? 'machine' : 'machines'}`;
  const lines = table(
    [
      { title: 'machine' },
      { title: 'device' },
      { title: 'model', gives: 'wraps' },
      { title: 'memory', right: true },
      { title: 'in use', right: true },
      { title: 'by', gives: 'wraps' },
    ],
    machines.flatMap((machine) => rowsOf(machine)),
    width,
  );
  const inUse = machines
    .filter(({ inUseByOthers }) => inUseByOthers)
    .map(({ name }) => `${name} is in use by others: no suite starts there until it is idle`);
  const setAside = machines.flatMap(({ name, setAside: devices }) =>
    devices.map((device) => setAsideLine(name, device)),
  );
  if (setAside.length > 0)
    setAside.push('used again a day after that, or by: jest-runner-hardware fleet --clear');
  const foreign =
    unproved === 0
      ? []
      : [`${unproved} more say that they belong to it, without its key or in another version`];
  const nobody = `a machine joins by \`jest-runner-hardware worker --connect ${address}\``;
  const shown = machines.length === 0 ? [nobody] : lines;
  return [`${address}, ${count}`, ...shown, ...inUse, ...setAside, ...foreign]
    .map((line) => `${line}\n`)
    .join('');
}

function setAsideLine(name: string, { deviceId, reason, since, projects }: DeviceSetAside): string {
  const forWhom = projects === 1 ? 'for the project whose run said so' : 'for all projects';
  return `${name}/${deviceId} is set aside since ${since}, ${forWhom}: it ${reason}`;
}

function rowsOf({ name, machine, workers, only, load }: FleetMember): readonly (readonly string[])[] {
  const slots = slotsToOffer(machine, workers);
  const runs = load.runs === 0 ? '' : `${load.runs} ${load.runs === 1 ? 'run' : 'runs'}`;
  return machine.devices
    .filter(({ usable }) => usable)
    .map((device, index) => {
      const places = slots.filter((slot) => slot.device.id === device.id).length;
      const memory = device.memoryBytes === undefined ? '' : formatBytes(device.memoryBytes);
      return [
        index === 0 ? name : '',
        device.id,
        device.model ?? '',
        memory,
        `${load.suites[device.id] ?? 0} of ${places}`,
        index === 0
          ? [runs, only === undefined ? '' : `only ${only.join(', ')}`].filter(Boolean).join(', ')
          : '',
      ];
    });
}
