import type { RunEvent } from '../../core/events.js';

/** A device that was too hot for a while. */
export interface HeatSummary {
  /** `<machine>/<device>` */
  readonly device: string;
  readonly hotMs: number;
  /** Highest temperature reported when the device became hot, °C; left out when none was reported. */
  readonly celsius?: number;
  readonly source: string;
}

export function summariseHeat(events: readonly RunEvent[]): readonly HeatSummary[] {
  const endMs = events.at(-1)?.atMs ?? 0;
  const since = new Map<string, number>();
  const found = new Map<string, HeatSummary>();
  const add = (device: string, ms: number) => {
    const known = found.get(device);
    if (known) found.set(device, { ...known, hotMs: known.hotMs + ms });
  };
  for (const event of events) {
    if (event.type !== 'device-heat') continue;
    const device = `${event.machine}/${event.deviceId}`;
    if (event.hot) {
      since.set(device, event.atMs);
      const known = found.get(device) ?? { device, hotMs: 0, source: event.source };
      const celsius = Math.max(
        known.celsius ?? Number.NEGATIVE_INFINITY,
        event.celsius ?? Number.NEGATIVE_INFINITY,
      );
      found.set(device, { ...known, ...(Number.isFinite(celsius) && { celsius }) });
    } else {
      add(device, event.atMs - (since.get(device) ?? event.atMs));
      since.delete(device);
    }
  }
  for (const [device, atMs] of since) add(device, endMs - atMs);
  return [...found.values()];
}
