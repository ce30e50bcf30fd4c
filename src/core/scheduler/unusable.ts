import type { Rejection, Suite } from '../events.js';
import type { Device, Machine } from '../machine/machine.js';

/**
 * Rejections by devices of the suite's classes that are present but not usable. They get no slot, so the scheduler never
 * considers them. Yet a person who reads why a suite cannot run looks for them first.
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
 * The machine's problem that says why this device is not usable: either `<id> (<model>) <unusableBecause>`, or a problem of
 * the whole machine with which the device's reason ends (`cannot compute: nvidia-smi failed: …`).
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
