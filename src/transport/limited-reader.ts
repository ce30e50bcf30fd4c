import type { Readable } from 'node:stream';
import { type DataCallback, type Disposable, StreamMessageReader } from 'vscode-jsonrpc/node';

/** No message is larger: answers travel in parts, and events hold what one test printed. */
const mostMessageBytes = 64 * 1024 * 1024;

/**
 * Reads messages, of a size that fits into memory whatever the other side sends.
 * @param onTooLarge Called once; nothing more is read then.
 */
export function limitedReader(input: Readable, onTooLarge: (reason: string) => void): StreamMessageReader {
  let bytes = 0;
  class LimitedReader extends StreamMessageReader {
    override listen(callback: DataCallback): Disposable {
      const listening = super.listen((message) => {
        bytes = 0;
        callback(message);
      });
      input.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes <= mostMessageBytes + chunk.length) return;
        bytes = 0;
        input.destroy();
        onTooLarge(`it sent more than ${mostMessageBytes / 1024 / 1024} MiB in one message`);
      });
      return listening;
    }
  }
  const reader = new LimitedReader(input);
  // Nobody hears of parts of messages, and its timer would keep the process.
  reader.partialMessageTimeout = 0;
  return reader;
}

/** An answer of parts, of a size that fits into memory: compressed, as base64. */
export const mostAnswerCharacters = 256 * 1024 * 1024;
