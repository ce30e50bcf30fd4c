import type { Connection, ConnectionListener, Transport } from '../transport/transport.js';

/** The same way to a machine, whose connection can be cut. */
export class CuttableTransport implements Transport {
  readonly name: string;
  readonly address: string;
  readonly #transport: Transport;
  #cut: (() => void) | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.name = transport.name;
    this.address = transport.address;
  }

  get isConnected(): boolean {
    return this.#cut !== undefined;
  }

  /** Ends the connection as a broken network does: calls fail, and what was begun there is ended by the machine itself. */
  cut(): void {
    this.#cut?.();
  }

  async connect(listener: ConnectionListener, signal: AbortSignal): Promise<Connection> {
    const connection = await this.#transport.connect(listener, signal);
    const cut = new Promise<string>((resolve) => {
      this.#cut = () => {
        this.#cut = undefined;
        resolve(cutText);
        connection.abandon();
      };
    });
    void connection.lost.then(() => {
      this.#cut = undefined;
    });
    return {
      call: (...asked) => connection.call(...asked),
      notify: (...told) => connection.notify(...told),
      busyFor: (seconds) => connection.busyFor(seconds),
      lost: Promise.race([connection.lost, cut]),
      close: () => connection.close(),
      abandon: () => connection.abandon(),
    };
  }
}

const cutText = 'its connection was cut by the option chaos';
