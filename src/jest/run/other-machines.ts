import type { Injector } from '../../chaos/injector.js';
import type { Happening } from '../../core/events.js';
import type { WorkloadProfile } from '../../core/workload/profile.js';
import type { RemoteMachines } from '../remote/remote-machines.js';
import { say, session } from '../session.js';
import type { RunInput } from './run-input.js';

interface Wanted {
  /** Of the suites that are to run. */
  readonly profiles: readonly WorkloadProfile[];
  /** This process runs suites itself. */
  readonly inBand: boolean;
  readonly injector: Injector | undefined;
  tell(happening: Happening): void;
}

/** The other machines of a run, which have not been asked yet. Undefined: there are none, and nothing is loaded for them. */
export async function otherMachinesOf(
  { machines, connect, claims, globalConfig, context, options }: RunInput,
  wanted: Wanted,
): Promise<RemoteMachines | undefined> {
  if (machines.length === 0 && connect === undefined) return undefined;
  const { RemoteMachines } = await import('../remote/remote-machines.js');
  return new RemoteMachines({
    ...wanted,
    machines,
    connect,
    sync: options.sync,
    globalConfig,
    contexts: session.contexts ?? [],
    context,
    fast: options.fast,
    heat: options.heat,
    heedsOthers: claims !== undefined,
    say,
  });
}
