import type { Readable } from 'node:stream';
import { mark } from './start-script.js';

/** What came before a marked line is no part of the protocol: a banner, or what a shell's profile prints. */
const mostNoiseBytes = 1024 * 1024;

/**
 * Reads the marked lines at the start of a stream. What follows the last line that was asked for stays in the stream.
 */
export class MarkedStart {
  readonly #stream: Readable;
  #buffer = Buffer.alloc(0);
  #noise = '';

  constructor(stream: Readable) {
    this.#stream = stream;
  }

  /** What else was printed since the last marked line, for error messages. */
  get noise(): string {
    return this.#noise.trim();
  }

  /** @returns The words of the next marked line; undefined when the stream ends before. */
  async next(): Promise<readonly string[] | undefined> {
    for (;;) {
      for (let end = this.#buffer.indexOf(10); end !== -1; end = this.#buffer.indexOf(10)) {
        const line = this.#buffer.subarray(0, end).toString('utf8').trim();
        this.#buffer = this.#buffer.subarray(end + 1);
        if (line.startsWith(`${mark} `)) {
          this.#noise = '';
          return line.slice(mark.length + 1).split(' ');
        }
        this.#noise = `${this.#noise}${line}\n`.slice(-4096);
      }
      if (this.#buffer.length > mostNoiseBytes) return undefined;
      const chunk = await this.#read();
      if (chunk === undefined) return undefined;
      this.#buffer = Buffer.concat([this.#buffer, chunk]);
    }
  }

  /** Puts back what was read beyond the last line. */
  putBack(): void {
    if (this.#buffer.length > 0) this.#stream.unshift(this.#buffer);
  }

  #read(): Promise<Buffer | undefined> {
    const stream = this.#stream;
    return new Promise((resolve) => {
      const done = (chunk: Buffer | undefined) => {
        stream.off('readable', onReadable).off('end', onEnd).off('close', onEnd).off('error', onEnd);
        resolve(chunk);
      };
      const onReadable = () => {
        const chunk = stream.read() as Buffer | null;
        if (chunk !== null) done(chunk);
      };
      const onEnd = () => done(undefined);
      stream.on('readable', onReadable).on('end', onEnd).on('close', onEnd).on('error', onEnd);
      onReadable();
    });
  }
}
