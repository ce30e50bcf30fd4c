import { type DeviceDraft, deviceOf } from './device-draft.js';
import type { ProbeFindings } from './probe.js';

/** What keeps a device from computing, as the end of a sentence about it, and what to do. */
export interface Obstacle {
  readonly message: string;
  readonly remedy: string;
}

/** @param by The mask set outside: `CUDA_VISIBLE_DEVICES=1`. */
export function hiddenDevice(by: string): Obstacle {
  return { message: `is hidden by ${by}`, remedy: 'unset the variable or add the device to it' };
}

/** A device as a probe found it: its number and whether it is usable follow. */
export interface FoundDevice {
  readonly draft: Omit<DeviceDraft, 'id' | 'usable'>;
  readonly obstacle?: Obstacle | undefined;
  readonly address?: string | undefined;
}

/** Numbers devices by class; what has an obstacle is not usable and a problem of the machine. */
export function numberedFindings(found: readonly FoundDevice[]): ProbeFindings {
  const counts = new Map<string, number>();
  const numbered = found.map(({ draft, ...rest }) => {
    const number = counts.get(draft.class) ?? 0;
    counts.set(draft.class, number + 1);
    return { draft: { ...draft, id: `${draft.class}${number}` }, ...rest };
  });
  return {
    devices: numbered.map(({ draft, obstacle }) =>
      deviceOf({ ...draft, usable: obstacle === undefined, unusableBecause: obstacle?.message }),
    ),
    problems: numbered.flatMap(({ draft, obstacle }) =>
      obstacle === undefined
        ? []
        : [{ message: `${draft.id} (${draft.model?.value}) ${obstacle.message}`, remedy: obstacle.remedy }],
    ),
    pciAddresses: Object.fromEntries(
      numbered.flatMap(({ draft, address }) => (address === undefined ? [] : [[draft.id, address]])),
    ),
  };
}
