import * as v from 'valibot';
import { formatDuration } from '../core/vocabulary/units.js';
import { pushToRemote } from '../sync/git-remote.js';
import type { WorkingTree } from '../sync/working-tree.js';
import type { Registration } from '../transport/bullmq/registration.js';
import { type Connection, type Transport, Unreachable } from '../transport/transport.js';
import { checkedDetection } from './detected.js';
import { serves } from './fleet-policy.js';
import { type FleetAbout, type OpenParams, protocolVersion } from './protocol.js';

/** Devices of a machine that runs have set aside, as it says so. */
export const devicesSetAside = v.array(
  v.object({ deviceId: v.string(), reason: v.string(), since: v.string(), projects: v.number() }),
);

const about = v.object({
  protocol: v.number(),
  version: v.string(),
  machine: v.unknown(),
  workers: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4096))),
  only: v.exactOptional(v.array(v.string())),
  setAside: devicesSetAside,
  inUseByOthers: v.boolean(),
  load: v.object({ runs: v.number(), suites: v.record(v.string(), v.number()) }),
});

/** What a machine says of itself; undefined: nothing that this version understands. */
export function aboutOf({ name, about: told }: Registration): FleetAbout | undefined {
  const read = v.safeParse(about, told);
  if (!read.success) return undefined;
  try {
    const machine = checkedDetection(read.output.machine, { name, declaredDevices: 0 });
    return { ...read.output, machine };
  } catch {
    return undefined;
  }
}

/** Why a run need not ask the machine; undefined: it may serve it. */
export function unfitBecause({ protocol, version, only }: FleetAbout, remote: string): string | undefined {
  if (protocol !== protocolVersion)
    return `has jest-runner-hardware ${version}, which speaks another protocol`;
  if (!serves(only, remote)) return `serves only ${only?.join(', ')}`;
  return undefined;
}

/**
 * The way to a machine of a fleet; it is asked first whether it serves the run.
 * @param patienceMs How long it may take to answer: one that others use does so when it is idle.
 */
export function opening(transport: Transport, params: OpenParams, patienceMs: number): Transport {
  return {
    ...transport,
    async connect(listener, signal) {
      const connection = await transport.connect(listener, signal);
      const patience = AbortSignal.timeout(patienceMs);
      try {
        await connection.call('open', params, { signal: AbortSignal.any([signal, patience]) });
        return connection;
      } catch (error) {
        await connection.close();
        const { message } = error as Error;
        const isOver = patience.aborted && !signal.aborted;
        throw new Unreachable(isOver ? `has let no run in for ${formatDuration(patienceMs)}` : message);
      }
    },
  };
}

/** Sends a working tree by a git remote: pushed there once a run, and fetched by each machine that lacks it. */
export class TreeByRemote {
  readonly #remote: string;
  readonly #pushes: boolean;
  #pushed: Promise<void> | undefined;

  /** @param remote An address. @param pushes Otherwise the tree is there already. */
  constructor(remote: string, pushes: boolean) {
    this.#remote = remote;
    this.#pushes = pushes;
  }

  async bring(connection: Connection, tree: WorkingTree, signal: AbortSignal): Promise<void> {
    const remote = this.#remote;
    if (this.#pushes) {
      this.#pushed ??= pushToRemote(tree, remote);
      await this.#pushed;
    }
    await connection.call('fetchTree', { treeId: tree.treeId, remote }, { signal });
  }
}
