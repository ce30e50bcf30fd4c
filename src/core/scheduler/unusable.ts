import type { Rejection, Suite } from '../events.js';
import type { Device, Machine } from '../machine/machine.js';

/**
 * Devices of a class that the suite asks for, which are present and get no slot: the scheduler never sees them, and yet
 * they are what a person looks for first in the explanation of a suite that cannot run.
 */
export function unusableRejections(
  { profile: { hardware } }: Pick<Suite, 'profile'>,
  machines: Iterable<Machine>,
): readonly Rejection[] {
  const classes = [...new Set(hardware.map((alternative) => alternative.class))];
  return [...machines].flatMap((machine) =>
    machine.devices
      .filter((device) => !device.usable && classes.includes(device.class))
      .map((device): Rejection => {
        const remedy = machineProblemOf(device, machine)?.remedy;
        return {
          slotId: `${machine.machine.name}/${device.id}`,
          filter: 'unusable',
          reason: `needs ${classes.join(' or ')}: ${unusableText(device)}`,
          ...(remedy !== undefined && { remedy }),
          until: 'never',
        };
      }),
  );
}

/** `gpu0 is hidden by CUDA_VISIBLE_DEVICES=-1`. */
export function unusableText({
  id,
  unusableBecause = 'is not usable',
}: Pick<Device, 'id' | 'unusableBecause'>): string {
  return `${id} ${unusableBecause}`;
}

/**
 * The entry of `problems` that says why this device is not usable: `<id> (<model>) <unusableBecause>`, or one of the whole
 * machine that the device's reason ends with: `cannot compute: nvidia-smi failed: …`.
 */
export function machineProblemOf(
  { id, unusableBecause }: Pick<Device, 'id' | 'unusableBecause'>,
  { problems }: Pick<Machine, 'problems'>,
): Machine['problems'][number] | undefined {
  if (unusableBecause === undefined) return undefined;
  return problems.find(
    ({ message }) =>
      (message.startsWith(`${id} `) && message.endsWith(` ${unusableBecause}`)) ||
      (message !== '' && unusableBecause.endsWith(message)),
  );
}
