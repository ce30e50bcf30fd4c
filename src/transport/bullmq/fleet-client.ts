import { randomBytes } from 'node:crypto';
import type { Queue } from 'bullmq';
import type { ConnectionListener, Transport } from '../transport.js';
import type { Broker } from './broker.js';
import { Contact } from './contact.js';
import { FleetConnection } from './fleet-connection.js';
import { runOf } from './fleet-server.js';
import { beatsKey, bodyKey, leasesKey, machinesKey, receivedKey, resultsKey, wakeChannel } from './keys.js';
import { isProved, readHeader, type Session, unpacked } from './message.js';
import { type Registration, readRegistration } from './registration.js';
import { workerKey } from './signature.js';

export interface FleetClientOptions {
  readonly broker: Broker;
  /** The fleet's. */
  readonly secret: string;
  /** Called with each machine that is there, or comes later; again after each start of its worker. */
  onMachine?(registration: Registration): void;
}

/** A run's place in a fleet: sees which machines there are, and talks with them. */
export class FleetClient {
  readonly #options: FleetClientOptions;
  readonly #run = randomBytes(8).toString('hex');
  readonly #contact = new Contact();
  /** Machines that live, by the id of their worker's start. */
  readonly #machines = new Map<string, Registration>();
  readonly #connections = new Map<string, FleetConnection>();
  readonly #queues = new Map<string, Queue>();
  #nextSession = 1;
  #beat: NodeJS.Timeout | undefined;
  #isBeating = false;
  #isClosed = false;
  #dropped = 0;
  /** How long this process may be too busy to say that it lives. */
  #busyMs = 0;

  constructor(options: FleetClientOptions) {
    this.#options = options;
  }

  /** How many messages were dropped, because no machine with the right key had sent them, or they were no messages. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Enters the fleet. @returns When the machines that are there have been told. */
  async start(): Promise<void> {
    void this.#read();
    this.#beat = setInterval(() => void this.#live(), lookMs);
    await this.#live();
  }

  /** The way to a machine that was told. */
  transportTo({ worker, name }: Registration): Transport {
    return {
      name,
      address: `${this.#options.broker.address}/${name}`,
      connect: async (listener) => this.#connect(worker, name, listener),
    };
  }

  /** Leaves the fleet. Connections are to be closed before. */
  async close(): Promise<void> {
    this.abandon();
    const { broker } = this.#options;
    if (broker.commands.status === 'ready') {
      await broker.commands
        .multi()
        .zrem(leasesKey, this.#run)
        .del(resultsKey(this.#run), receivedKey(this.#run))
        .exec()
        .catch(() => {});
    }
    await broker.close();
  }

  /** The same without waiting; machines notice within seconds. Synchronous. */
  abandon(): void {
    this.#isClosed = true;
    clearInterval(this.#beat);
    for (const connection of [...this.#connections.values()]) connection.abandon();
  }

  #connect(worker: string, name: string, { onNotice }: ConnectionListener): FleetConnection {
    const { broker, secret } = this.#options;
    const id = `${this.#run}.${this.#nextSession++}`;
    const session: Session = { id, worker, key: workerKey(secret, name) };
    const connection = new FleetConnection({
      session,
      onNotice,
      onBusy: (seconds = 0) => {
        this.#busyMs = seconds * 1000;
        void this.#live();
      },
      nowMs: () => broker.nowMs(),
      transmit: async (sequence, { header, body }) => {
        if (body !== undefined)
          await broker.commands.set(bodyKey(id, 'run', sequence), body, 'EX', forgottenSeconds);
        const added = this.#queueOf(worker).add('message', header, {
          jobId: `${id}.${sequence}`,
          attempts: 1,
          removeOnComplete: true,
          removeOnFail: true,
        });
        const wake = () => broker.commands.publish(wakeChannel(worker), '');
        // Where the way is long the job is announced while it travels, and once more when it is known to be there.
        if (broker.roundTripMs > longWayMs) setImmediate(() => void wake().catch(() => {}));
        await added;
        await wake();
      },
      onClosed: () => this.#connections.delete(id),
    });
    this.#connections.set(id, connection);
    if (!this.#machines.has(worker)) connection.lose('it has left the fleet');
    return connection;
  }

  #queueOf(worker: string): Queue {
    let queue = this.#queues.get(worker);
    if (queue === undefined) {
      queue = this.#options.broker.queue(worker);
      this.#queues.set(worker, queue);
    }
    return queue;
  }

  async #live(): Promise<void> {
    if (this.#contact.silentMs > brokerAwayMs)
      this.#loseAll(`the broker has not answered for ${brokerAwayMs / 1000} s`);
    if (this.#isBeating || this.#isClosed) return;
    this.#isBeating = true;
    try {
      await this.#options.broker.keepTime();
      await this.#exchange();
      this.#contact.renew();
      await this.#lookAround();
    } catch {
      // The next beat tries again.
    } finally {
      this.#isBeating = false;
    }
  }

  /** That the run lives, and what each side has received. */
  async #exchange(): Promise<void> {
    const { broker } = this.#options;
    const received = receivedKey(this.#run);
    const asked = broker.commands
      .pipeline()
      .zadd(leasesKey, Math.round(broker.nowMs() + this.#busyMs), this.#run);
    const connections = [...this.#connections.values()];
    for (const { session, inbox } of connections) {
      asked.hset(received, `${session.id}:run`, inbox.received).hget(received, `${session.id}:worker`);
    }
    asked.expire(received, forgottenSeconds).expire(resultsKey(this.#run), forgottenSeconds);
    const answers = await asked.exec();
    for (const [index, { outbox }] of connections.entries()) {
      outbox.acknowledge(Number(answers?.[2 + index * 2]?.[1] ?? 0));
      outbox.resend();
    }
  }

  /** Who is there now. */
  async #lookAround(): Promise<void> {
    const { broker, onMachine } = this.#options;
    const listed = await livingMachines(broker, this.#machines, this.#keyOf);
    for (const registration of listed.come) {
      this.#machines.set(registration.worker, registration);
      onMachine?.(registration);
    }
    this.#dropped += listed.unproved;
    if (!this.#contact.isSteadyFor(deadMs)) return;
    for (const worker of this.#machines.keys()) {
      if (listed.living.has(worker)) continue;
      this.#machines.delete(worker);
      for (const connection of [...this.#connections.values()]) {
        if (connection.session.worker === worker)
          connection.lose(`nothing was heard of it for ${deadMs / 1000} s, or it has left the fleet`);
      }
    }
  }

  readonly #keyOf = (name: string) => workerKey(this.#options.secret, name);

  #loseAll(reason: string): void {
    for (const connection of [...this.#connections.values()]) connection.lose(reason);
  }

  async #read(): Promise<void> {
    const redis = this.#options.broker.connection();
    let last = '0-0';
    while (!this.#isClosed) {
      try {
        const read = await redis.xread('COUNT', 100, 'BLOCK', readMs, 'STREAMS', resultsKey(this.#run), last);
        for (const [id, fields] of read?.[0]?.[1] ?? []) {
          last = id;
          this.#receive(fields[1] ?? '');
        }
        // Not waited for: what comes next would wait, too.
        if (read !== null) redis.xtrim(resultsKey(this.#run), 'MINID', last).catch(() => {});
      } catch {
        if (!this.#isClosed) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
  }

  #receive(text: string): void {
    const { broker } = this.#options;
    const header = readHeader(text);
    const connection = this.#connections.get(header?.session ?? '');
    if (header === undefined || runOf(header.session) !== this.#run) {
      this.#dropped++;
      return;
    }
    // It has been closed.
    if (connection === undefined) return;
    if (!isProved(header, connection.session, 'worker', broker.nowMs())) {
      this.#dropped++;
      return;
    }
    const take = (body: string) => {
      for (const message of connection.inbox.take(header.sequence, { ...header, text: body }))
        connection.hear(message);
    };
    if (header.text !== undefined) {
      take(header.text);
      return;
    }
    void broker.commands
      .getdelBuffer(bodyKey(header.session, 'worker', header.sequence))
      .then((body) => (body === null ? undefined : unpacked(body, header)))
      // What has not come is sent again.
      .then((body) => body !== undefined && take(body))
      .catch(() => {});
  }
}

/** Machines that were heard of lately. @param known Those that need not be read again. */
export async function livingMachines(
  broker: Broker,
  known: ReadonlyMap<string, Registration>,
  keyOf: (name: string) => Buffer,
): Promise<{
  readonly living: ReadonlySet<string>;
  readonly come: readonly Registration[];
  /** How many say what nobody with the right key has signed. */
  readonly unproved: number;
}> {
  const { commands } = broker;
  const living = new Set(await commands.zrangebyscore(beatsKey, broker.nowMs() - deadMs, '+inf'));
  const unknown = [...living].filter((worker) => !known.has(worker));
  const postings = unknown.length === 0 ? [] : await commands.hmget(machinesKey, ...unknown);
  const read = postings.map((posting, index) => {
    const registration = posting === null ? undefined : readRegistration(posting, keyOf);
    return registration?.worker === unknown[index] ? registration : undefined;
  });
  const come = read.filter((each) => each !== undefined);
  return { living, come, unproved: read.length - come.length };
}

/** How long the stream is waited for at once. */
const readMs = 1000;
/** A machine that is gone is noticed within this time. */
const lookMs = 500;
/** A machine that was not heard of for so long is gone. */
const deadMs = 3500;
/** A broker that is away for so long takes the fleet with it. */
const brokerAwayMs = 30_000;
const forgottenSeconds = 3600;
/** Longer than an idle worker needs to ask for a job in vain. */
const longWayMs = 5;
