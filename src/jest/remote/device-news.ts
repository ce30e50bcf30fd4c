import * as v from 'valibot';
import type { Happening } from '../../core/events.js';
import type { Device } from '../../core/machine/machine.js';
import { limits } from '../../core/vocabulary/limits.js';
import { printable } from '../../core/vocabulary/printable.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import { isObject } from '../../json/plain.js';
import { mostReasonCharacters } from '../../remote/protocol.js';
import { type DeviceNeed, memoryNeedOn, noRoomText } from '../../sensors/device-memory-watch.js';

type DeviceHeat = Extract<Happening, { type: 'device-heat' }>;
type DeviceTurns = Extract<Happening, { type: 'device-turns' }>;
type SetAside = Extract<Happening, { type: 'set-aside' }>;
type DeviceMemory = Extract<Happening, { type: 'device-memory' }>;

interface DeviceNewsOptions {
  /** Of the machine in this run. */
  readonly machine: string;
  /** What suites of the run need. */
  readonly needs: readonly DeviceNeed[];
  tell(happening: DeviceHeat | DeviceMemory | DeviceTurns | SetAside): void;
  say(message: string): void;
}

/** What another machine tells of its devices, checked, becomes events of this run. */
export class DeviceNews {
  readonly #options: DeviceNewsOptions;
  /** What came before the machine took part, undefined: it does. */
  #early: (readonly [type: string, news: unknown])[] | undefined = [];
  /** By device: what was told last. What is told again is no news. */
  #last: ReadonlyMap<
    string,
    { readonly device: Device; hot: boolean; takenBytes: number; isSetAside: boolean }
  > = new Map();
  #left = mostNews;
  #leftTurns = mostNews;
  #said = '';

  constructor(options: DeviceNewsOptions) {
    this.#options = options;
  }

  /** The machine takes part from now on, with these devices. */
  begin(devices: readonly Device[]): void {
    this.#last = new Map(
      devices.map((device) => [device.id, { device, hot: false, takenBytes: 0, isSetAside: false }]),
    );
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [type, news] of early) this.hear(type, news);
  }

  /** Passes over what is nothing new, nothing that this run knows, or too much. */
  hear(type: string, news: unknown): void {
    if (this.#early !== undefined) {
      if (this.#early.length < mostEarly) this.#early.push([type, news]);
      return;
    }
    const last = isObject(news) ? this.#last.get(String(news['deviceId'])) : undefined;
    if (last === undefined || !isObject(news)) return;
    const about = { machine: this.#options.machine, deviceId: last.device.id };
    if (type === 'device-turns') {
      const event = turnsOf(news, about);
      if (event !== undefined) this.#tellTurns(event);
    } else if (this.#left === 0) {
      return;
    } else if (type === 'device-heat') {
      const event = heatOf(news, about);
      if (event === undefined || event.hot === last.hot) return;
      last.hot = event.hot;
      this.#tell(event);
    } else if (type === 'device-memory') {
      const event = memoryOf(news, about);
      if (event === undefined || event.takenBytes === last.takenBytes) return;
      last.takenBytes = event.takenBytes;
      this.#tell(event);
      this.#sayIfFull(event, last.device);
    } else if (type === 'set-aside') {
      const event = setAsideOf(news, about);
      if (event === undefined || last.isSetAside) return;
      last.isSetAside = true;
      this.#tell(event);
    }
  }

  /** After too much of it the run uses the machine as if it were alone there, and waits for its turns. */
  #tellTurns(event: DeviceTurns): void {
    if (this.#leftTurns === 0) return;
    this.#leftTurns--;
    this.#options.tell(this.#leftTurns === 0 ? { ...event, free: mostPlaces, share: mostPlaces } : event);
  }

  #tell(event: DeviceHeat | DeviceMemory | SetAside): void {
    this.#left--;
    this.#options.tell(event);
  }

  #sayIfFull({ machine, takenBytes, by }: DeviceMemory, device: Device): void {
    const { needs, say } = this.#options;
    const { id, memoryBytes = 0 } = device;
    const need = memoryNeedOn(device, needs);
    const text = noRoomText(`${machine}/${id}`, { need, memoryBytes, takenBytes, by });
    if (text !== undefined && text !== this.#said) say(text);
    this.#said = text ?? this.#said;
  }
}

/**
 * Each need once: suites are many, and their needs few.
 * @param heedsOthers Whether other programs count that take memory; else no memory is asked for.
 */
export function deviceNeedsOf(
  profiles: readonly WorkloadProfile[],
  heedsOthers: boolean,
): readonly DeviceNeed[] {
  const needs = profiles.map(({ hardware, minMemoryBytes }): DeviceNeed => {
    return { hardware, minMemoryBytes: heedsOthers ? minMemoryBytes : 0 };
  });
  return [...new Map(needs.map((need) => [JSON.stringify(need), need])).values()];
}

/** More devices than that no machine has. */
const mostEarly = 256;
/** A record stays small, whatever the machine tells. A device whose memory changes each time it is measured tells so for 12 h. */
const mostNews = 10_000;
const mostTextCharacters = 200;
/** No device has more. */
const mostPlaces = limits.slots;

type About = Pick<DeviceHeat, 'machine' | 'deviceId'>;

function heatOf({ hot, celsius, source }: Record<string, unknown>, about: About): DeviceHeat | undefined {
  if (typeof hot !== 'boolean' || typeof source !== 'string') return undefined;
  const isDegrees = typeof celsius === 'number' && Number.isFinite(celsius);
  if (celsius !== undefined && !isDegrees) return undefined;
  return { type: 'device-heat', ...about, hot, ...(isDegrees && { celsius }), source: shortened(source) };
}

function memoryOf({ takenBytes, by }: Record<string, unknown>, about: About): DeviceMemory | undefined {
  if (typeof takenBytes !== 'number' || !Number.isSafeInteger(takenBytes) || takenBytes < 0) return undefined;
  if (by !== undefined && typeof by !== 'string') return undefined;
  return { type: 'device-memory', ...about, takenBytes, ...(by !== undefined && { by: shortened(by) }) };
}

function turnsOf({ free, share }: Record<string, unknown>, about: About): DeviceTurns | undefined {
  const isCount = (value: unknown): value is number =>
    Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= mostPlaces;
  if (!isCount(free) || !isCount(share)) return undefined;
  return { type: 'device-turns', ...about, free, share };
}

function setAsideOf({ reason, since }: Record<string, unknown>, about: About): SetAside | undefined {
  if (typeof reason !== 'string' || typeof since !== 'string' || !v.is(timestamp, since)) return undefined;
  return { type: 'set-aside', ...about, reason: printable(reason.slice(0, mostReasonCharacters)), since };
}

const timestamp = v.pipe(v.string(), v.isoTimestamp());

function shortened(text: string): string {
  return printable(text.slice(0, mostTextCharacters));
}
