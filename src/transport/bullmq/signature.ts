import { createHmac, timingSafeEqual } from 'node:crypto';
import { UsageError } from '../../core/vocabulary/usage-error.js';

/**
 * The key of one machine. A machine that has only this cannot speak for another one, nor start suites there.
 * @param secret The fleet's.
 */
export function workerKey(secret: string, name: string): Buffer {
  return createHmac('sha256', secret).update(`worker ${name}`).digest();
}

/** The key as it is handed to a machine: `gpu-box:…`. */
export function workerKeyText(secret: string, name: string): string {
  return `${name}:${workerKey(secret, name).toString('base64url')}`;
}

/** The inverse of {@link workerKeyText}. @throws UsageError for anything else. */
export function parseWorkerKey(text: string): { readonly name: string; readonly key: Buffer } {
  const [, name, encoded = ''] = /^([\w.-]+):([\w-]+)$/.exec(text.trim()) ?? [];
  const key = Buffer.from(encoded, 'base64url');
  if (name !== undefined && key.length === keyBytes) return { name, key };
  throw new UsageError({
    message: 'JEST_HARDWARE_WORKER_KEY is not the key of a machine',
    expected: 'a name, a colon and 43 letters, as `jest-runner-hardware fleet --issue NAME` prints them',
    remedy: 'issue a key for this machine, and copy all of it',
  });
}

/** HMAC-SHA256 over the parts, which are told apart wherever they end. */
export function signatureOf(key: Buffer, parts: readonly (string | number)[]): string {
  return createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');
}

/** Compares in a time that tells nothing. */
export function isSignature(key: Buffer, parts: readonly (string | number)[], signature: string): boolean {
  const expected = Buffer.from(signatureOf(key, parts));
  const found = Buffer.from(signature);
  return expected.length === found.length && timingSafeEqual(expected, found);
}

const keyBytes = 32;
