import { readFileSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { codeOf, messageOf } from '../host/system-error.js';

export const whereRecordsAre =
  'Name a run-….jsonl file; runs write them to their output directory (.jest-hardware).';

/** The text of a record, unpacked. @throws UsageError when it cannot be read to its end. */
export function readRecordText(path: string): string {
  try {
    const bytes = readFileSync(path);
    return decoded(isGzip(bytes) ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw unreadable(path, error);
  }
}

interface ReadableText {
  readonly text: string;
  /** Why the packed file could not be unpacked to its end; left out: it could. */
  readonly problem?: string;
}

/** The text of a record as far as it can be unpacked. @throws UsageError when the file cannot be opened. */
export function readableRecordText(path: string): ReadableText {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!isGzip(bytes)) return { text: decoded(bytes) };
  try {
    return { text: decoded(gunzipSync(bytes)) };
  } catch (error) {
    return { text: decoded(unpackedBeginning(bytes)), problem: messageOf(error) };
  }
}

/** Binary search for the longest beginning that unpacks: zlib gives nothing of what it unpacked before it met damage. */
function unpackedBeginning(bytes: Uint8Array): Uint8Array {
  let unpacked: Uint8Array = new Uint8Array();
  let [whole, broken] = [0, bytes.length + 1];
  while (broken - whole > 1) {
    const length = Math.floor((whole + broken) / 2);
    try {
      // A sync flush gives what there is, and asks for no end and no checksum.
      unpacked = gunzipSync(bytes.subarray(0, length), { finishFlush: constants.Z_SYNC_FLUSH });
      whole = length;
    } catch {
      broken = length;
    }
  }
  return unpacked;
}

/** By content: browsers and services that unpack a download leave `.gz` in its name. */
function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/** Editors and `>` of PowerShell write marks of byte order, and UTF-16. */
function decoded(bytes: Uint8Array): string {
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}

function unreadable(path: string, error: unknown): UsageError {
  const isPacked = codeOf(error)?.startsWith('Z_') === true;
  return new UsageError(
    {
      file: path,
      message: isPacked ? 'The packed record cannot be unpacked to its end.' : 'The record cannot be read.',
      found: messageOf(error),
      remedy: isPacked
        ? 'Take the whole file; `jest-runner-hardware report` shows what is whole of this one.'
        : whereRecordsAre,
    },
    { cause: error },
  );
}
