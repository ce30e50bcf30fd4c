import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { type Device, deviceKindOf } from '../core/machine/machine.js';
import { writeAtomically } from '../host/write-atomically.js';

/** A device that later runs leave alone, until somebody clears it or a day is over. */
export interface SetAsideDevice {
  /** Name of its machine. */
  readonly machine: string;
  /** Its id on the machine at that time: `gpu0`. */
  readonly deviceId: string;
  /** By which it is known when the ids have changed: UUID, else bus address, else id and model. */
  readonly identity: string;
  /** The evidence, as the end of a sentence about it. */
  readonly reason: string;
  /** ISO 8601, UTC. */
  readonly since: string;
  /** A name of the project whose run said so; left out: that of the folder. */
  readonly project?: string;
}

/** A day: an error that a restart has mended should not cost a device for good. A policy. */
const keptForMs = 24 * 60 * 60 * 1000;

/** Not `.json`, which would start `--watchAll` again. */
const fileName = 'set-aside.jsonl';

const schema = v.object({
  machine: v.string(),
  deviceId: v.string(),
  identity: v.string(),
  reason: v.string(),
  since: v.pipe(v.string(), v.isoTimestamp()),
  project: v.exactOptional(v.string()),
});

export function identityOf({ uuid, pciAddress, id, ...model }: Device): string {
  return uuid ?? pciAddress ?? `${id} ${deviceKindOf(model)}`;
}

/** Those that are still kept, the oldest first. Lines that cannot be read are left out. */
export function setAsideIn(outputDirectory: string, now: Date): readonly SetAsideDevice[] {
  const path = join(outputDirectory, fileName);
  if (!existsSync(path)) return [];
  const isKept = ({ since }: SetAsideDevice) => now.getTime() - Date.parse(since) < keptForMs;
  return readFileSync(path, 'utf8').split('\n').flatMap(deviceIn).filter(isKept);
}

/** Keeps a device for later runs. @throws What the system says when the file cannot be written. */
export function keepSetAside(outputDirectory: string, device: SetAsideDevice, now: Date): void {
  const others = setAsideIn(outputDirectory, now).filter((each) => !isSame(each, device));
  write(outputDirectory, [...others, device]);
}

/** Later runs use the devices again. @returns Those that were set aside. */
export function clearSetAside(
  outputDirectory: string,
  isMeant: (device: SetAsideDevice) => boolean,
  now: Date,
): readonly SetAsideDevice[] {
  const kept = setAsideIn(outputDirectory, now);
  write(
    outputDirectory,
    kept.filter((device) => !isMeant(device)),
  );
  return kept.filter(isMeant);
}

function isSame(one: SetAsideDevice, other: SetAsideDevice): boolean {
  return one.machine === other.machine && one.identity === other.identity && one.project === other.project;
}

function deviceIn(line: string): readonly SetAsideDevice[] {
  try {
    return [v.parse(schema, JSON.parse(line))];
  } catch {
    return [];
  }
}

function write(outputDirectory: string, devices: readonly SetAsideDevice[]): void {
  const path = join(outputDirectory, fileName);
  if (devices.length === 0) rmSync(path, { force: true });
  else writeAtomically(path, devices.map((device) => `${JSON.stringify(device)}\n`).join(''));
}
