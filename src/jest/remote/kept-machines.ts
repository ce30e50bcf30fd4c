import type { RemoteMachineConfig } from '../../config/machines.js';
import { onProcessEnd } from '../../host/process-end.js';
import type { RemoteMachine } from '../../remote/remote-machine.js';
import { session } from '../session.js';

/** A machine that is connected between two runs of watch mode, or is about to be. */
export interface KeptMachine {
  readonly remote: RemoteMachine;
  /** Resolves when what the last run did there has ended: whether it can be used. */
  readonly ready: Promise<boolean>;
  /** Ends the watch over this process's end. */
  unwatch(): void;
}

/**
 * Keeps a machine for the next run of this process.
 * @param ready See {@link KeptMachine.ready}; it never rejects.
 * @param abandon Ends what runs there, where no further run comes. Synchronous.
 */
export function keepMachine(
  config: RemoteMachineConfig,
  remote: RemoteMachine,
  ready: Promise<boolean>,
  abandon: () => void,
): void {
  const unwatch = onProcessEnd(abandon);
  session.keptMachines.set(keyOf(config), { remote, ready, unwatch });
}

/** The machine of this description that an earlier run has kept. It belongs to the run that takes it. */
export function takeMachine(config: RemoteMachineConfig): KeptMachine | undefined {
  const kept = session.keptMachines.get(keyOf(config));
  session.keptMachines.delete(keyOf(config));
  return kept;
}

function keyOf(config: RemoteMachineConfig): string {
  return JSON.stringify(config);
}
