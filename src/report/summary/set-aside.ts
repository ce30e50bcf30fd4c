import type { RunEvent } from '../../core/events.js';

/** A device that got no further suites after errors, or a machine after failures of its infrastructure. */
export interface SetAsideSummary {
  /** `<machine>/<device>`, or the machine alone. */
  readonly name: string;
  /** The evidence, as the end of a sentence about it. */
  readonly reason: string;
  /** When an earlier run set it aside, ISO 8601, UTC; left out: this run did. */
  readonly since?: string;
}

export function summariseSetAside(events: readonly RunEvent[]): readonly SetAsideSummary[] {
  return events.flatMap((event) => {
    if (event.type !== 'set-aside') return [];
    const { machine, deviceId, reason, since } = event;
    const name = deviceId === undefined ? machine : `${machine}/${deviceId}`;
    return [{ name, reason, ...(since !== undefined && { since }) }];
  });
}
