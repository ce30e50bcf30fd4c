import * as v from 'valibot';
import { isSignature, signatureOf } from './signature.js';

/** What a machine says of itself when its worker starts. */
export interface Registration {
  /** Id of this start: another one after each start. */
  readonly worker: string;
  /** The machine's name: `gpu-box`. */
  readonly name: string;
  /** What the machine has; for whoever starts suites to check. */
  readonly about: unknown;
}

const posted = v.object({ text: v.string(), signature: v.string() });
const registration = v.object({ worker: v.string(), name: v.string(), about: v.unknown() });

/** As it lies on the broker. */
export function registrationText(value: Registration, key: Buffer): string {
  const text = JSON.stringify(value);
  return JSON.stringify({ text, signature: signatureOf(key, [text]) });
}

/** @returns undefined for one that no machine with the right key has made. @param keyOf Gives the key of a machine. */
export function readRegistration(posting: string, keyOf: (name: string) => Buffer): Registration | undefined {
  try {
    const { text, signature } = v.parse(posted, JSON.parse(posting));
    const read = v.parse(registration, JSON.parse(text));
    return isSignature(keyOf(read.name), [text], signature) ? read : undefined;
  } catch {
    return undefined;
  }
}
