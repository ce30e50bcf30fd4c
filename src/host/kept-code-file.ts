import fs from 'node:fs';
import { dirname } from 'node:path';
import type { Script } from 'node:vm';
import { crc32 } from 'node:zlib';
import { writeAtomically } from './write-atomically.js';

/** Where the code of a module lies in the file, and what vouches for it. */
interface Entry {
  /** Checksum of the module's source. */
  readonly source: number;
  readonly offset: number;
  readonly length: number;
  /** Checksum of the code: V8 does not look whether it is damaged. */
  readonly code: number;
}

/** Characters of the number that the file begins with: the length of its index, JSON by the modules' paths. */
const lengthDigits = 12;

/** Bytes of code that a file holds at most, 32 MiB; over it, what this process did not use is left out. */
const maxBytes = 32 * 2 ** 20;

/** Tests may replace them before the file is written. */
const { closeSync, mkdirSync, openSync, readSync } = fs;

/** V8's code of modules in one file. Modules are read from it one by one, as a process needs few of a large file. */
export class KeptCode {
  readonly #path: string;
  readonly #file: number | undefined;
  readonly #entries: ReadonlyMap<string, Entry>;
  readonly #used = new Set<string>();
  #isClosed = false;
  readonly #added = new Map<string, { readonly source: number; readonly script: Script }>();

  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, 'r');
    } catch {
      // None was kept yet.
    }
    this.#entries = this.#readIndex();
  }

  /** The code that was kept of a module, if its source is still the same. */
  read(filename: string, source: number): Buffer | undefined {
    const entry = this.#entries.get(filename);
    if (entry?.source !== source) return undefined;
    const code = this.#bytes(entry);
    if (code !== undefined) this.#used.add(filename);
    return code;
  }

  /** Keeps a module's code when the file is closed, with all functions that have been compiled until then. */
  add(filename: string, source: number, script: Script): void {
    this.#added.set(filename, { source, script });
  }

  /** Writes what was added; a folder that cannot be written costs only the next start's time. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      const parts = this.#added.size === 0 ? undefined : this.#parts();
      if (this.#file !== undefined) closeSync(this.#file);
      if (parts === undefined) return;
      mkdirSync(dirname(this.#path), { recursive: true });
      writeAtomically(this.#path, Buffer.concat(parts));
    } catch {
      // The next process tries again.
    }
    this.#added.clear();
  }

  #readIndex(): ReadonlyMap<string, Entry> {
    try {
      const length = Number(this.#slice(0, lengthDigits).toString('latin1'));
      const index: unknown = JSON.parse(this.#slice(lengthDigits, length).toString('utf8'));
      return new Map(index as [string, Entry][]);
    } catch {
      return new Map();
    }
  }

  #bytes({ offset, length, code }: Entry): Buffer | undefined {
    try {
      const bytes = this.#slice(offset, length);
      return crc32(bytes) === code ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  /** @throws when the file does not hold so many bytes there. */
  #slice(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(length);
    if (this.#file === undefined || readSync(this.#file, bytes, 0, length, offset) < length) {
      throw new Error('the file ends before');
    }
    return bytes;
  }

  /** The whole file anew. */
  #parts(): Buffer[] {
    const old = [...this.#entries].filter(([filename]) => !this.#added.has(filename));
    const oldBytes = old.reduce((sum, [, { length }]) => sum + length, 0);
    const stays = oldBytes < maxBytes ? old : old.filter(([filename]) => this.#used.has(filename));
    const kept = stays.flatMap(([filename, entry]) => {
      const bytes = this.#bytes(entry);
      return bytes === undefined ? [] : [{ filename, source: entry.source, bytes }];
    });
    const added = [...this.#added].map(([filename, { source, script }]) => ({
      filename,
      source,
      bytes: script.createCachedData(),
    }));
    const all = [...kept, ...added];
    const indexOf = (start: number) => {
      let offset = start;
      return JSON.stringify(
        all.map(({ filename, source, bytes }) => {
          const entry: Entry = { source, offset, length: bytes.length, code: crc32(bytes) };
          offset += bytes.length;
          return [filename, entry];
        }),
      );
    };
    // An index with offsets of 16 digits is longer than any; JSON does not mind the spaces after the real one.
    const space = Buffer.byteLength(indexOf(10 ** 15));
    const start = lengthDigits + space;
    const index = Buffer.alloc(space, ' ');
    index.write(indexOf(start));
    const head = Buffer.from(String(space).padStart(lengthDigits, '0'));
    return [head, index, ...all.map(({ bytes }) => bytes)];
  }
}
