import { PassThrough } from 'node:stream';
import { Channel } from './channel.js';
import type { Handlers, Transport } from './transport.js';

/**
 * A worker in this process, behind the same channel as one on another machine: for tests, and for programs that embed one.
 * @param serve Gives the handlers of a new worker. Its argument tells the caller something without being asked.
 */
export function inProcess(
  name: string,
  serve: (notify: (name: string, payload: unknown) => void) => Handlers,
): Transport {
  return {
    name,
    address: `in-process://${name}`,
    async connect({ onNotice }) {
      const there = new PassThrough();
      const back = new PassThrough();
      const handlers = serve((notice, payload) => worker.notify(notice, payload));
      const worker: Channel = new Channel({ input: there, output: back, handlers });
      return new Channel({ input: back, output: there, handlers: {}, onNotice, end: () => worker.close() });
    },
  };
}
