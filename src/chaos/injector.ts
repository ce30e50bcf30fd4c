import type { Chaos, FaultInjected, FaultName, Happening } from '../core/events.js';
import type { Executor, Start } from '../execute/executor.js';
import type { PassingMessage } from '../transport/bullmq/fleet-client.js';
import type { Transport } from '../transport/transport.js';
import { CuttableTransport } from './cuttable-transport.js';
import { drawn } from './draw.js';
import { type Reach, type SuiteFaultName, suiteFaults } from './suite-faults.js';

interface InjectorOptions {
  readonly chaos: Chaos;
  readonly hasProcess: Reach['hasProcess'];
  tell(happening: Happening): void;
}

/** Does to a run what its option `chaos` says, and tells each of it. */
export class Injector {
  readonly #options: InjectorOptions;
  readonly #transports = new Map<string, CuttableTransport>();
  /** Faults that have taken away what does not come back. */
  readonly #spent = new Set<FaultName>();
  /** How often a message has come by, as one that is dropped is sent again. */
  readonly #tries = new Map<string, number>();
  #hasStopped = false;

  constructor(options: InjectorOptions) {
    this.#options = options;
  }

  /** Injects nothing more. */
  stop(): void {
    this.#hasStopped = true;
  }

  /** Strikes suites as they start, here and on other machines. */
  around<Result>(executor: Executor<Result>): Executor<Result> {
    return {
      run: async (start, signal) => {
        // The run is deciding at this moment, and is told of nothing before it has.
        await undefined;
        const fault = signal.aborted ? undefined : this.#faultFor(start);
        if (fault === undefined) return executor.run(start, signal);
        const { suite, attempt, machine, devices, ahead } = start;
        const where = { machine: machine.machine.name, deviceId: devices[0].id };
        this.#tell(fault, { suiteId: suite.id, attempt, ...where });
        const unwanted = ahead === undefined ? signal : AbortSignal.any([signal, ahead.recall]);
        const struck = await suiteFaults[fault].strike(start, this.#reach, unwanted);
        if (ahead?.recall.aborted) return { status: 'cancelled', durationMs: 0, notStarted: true };
        const outcome = await executor.run(struck, signal);
        if (fault !== 'kill' || outcome.status !== 'lost') return outcome;
        return { ...outcome, cause: `${outcome.cause ?? 'it gave no result'} (by the option chaos)` };
      },
    };
  }

  /** The same way to a machine, which can be cut. */
  transport(transport: Transport): Transport {
    const cuttable = new CuttableTransport(transport);
    this.#transports.set(transport.name, cuttable);
    return cuttable;
  }

  /** Loses, doubles or delays a message, or lets it pass. @param carry Brings it to where it goes; twice does no harm. */
  async disturb(message: PassingMessage, carry: () => Promise<unknown>): Promise<unknown> {
    const { machine, way, sequence } = message;
    const key = `${way} ${sequence} of ${machine}`;
    const tries = 1 + (this.#tries.get(key) ?? 0);
    this.#tries.set(key, tries);
    const possible = tries <= mostTries && !this.#hasStopped ? messageFaults : [];
    const fault = drawn(this.#options.chaos, `${key}, try ${tries}`, possible);
    if (fault === undefined) return carry();
    this.#tell(fault, { machine, message: `${way} ${sequence}` });
    if (fault === 'drop') return undefined;
    if (fault === 'double') await carry();
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    return carry();
  }

  #faultFor(start: Start): SuiteFaultName | undefined {
    if (this.#hasStopped) return undefined;
    const names = Object.keys(suiteFaults) as SuiteFaultName[];
    const possible = names.filter((name) => {
      return !this.#spent.has(name) && suiteFaults[name].isPossible(start, this.#reach);
    });
    const fault = drawn(this.#options.chaos, `attempt ${start.attempt} of ${start.suite.id}`, possible);
    if (fault !== undefined && 'isFinal' in suiteFaults[fault]) this.#spent.add(fault);
    return fault;
  }

  readonly #reach: Reach = {
    hasProcess: (start) => this.#options.hasProcess(start),
    canCut: (machine) => this.#transports.get(machine)?.isConnected === true,
    cut: (machine) => this.#transports.get(machine)?.cut(),
    revoke: (machine, deviceId) => {
      const reason = 'was revoked by the option chaos';
      this.#options.tell({ type: 'set-aside', machine, deviceId, reason, injected: true });
    },
  };

  #tell(fault: FaultName, about: Omit<FaultInjected, 'type' | 'fault'>): void {
    this.#options.tell({ type: 'fault-injected', fault, ...about });
  }
}

const messageFaults = ['drop', 'double', 'delay'] as const;
/** Longer than the messages behind it need, which come first then. */
const delayMs = 300;
/** So often a message is struck at most. One that is dropped is sent again after seconds. */
const mostTries = 2;
