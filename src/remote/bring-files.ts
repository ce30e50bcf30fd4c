import { projectKeyOf, pushTree } from '../sync/push-tree.js';
import type { WorkingTree } from '../sync/working-tree.js';
import type { Connection } from '../transport/transport.js';
import { ask } from './ask.js';
import { throughConnection } from './git-bridge.js';
import type { Prepared, PrepareParams } from './protocol.js';

export interface FilesToBring {
  /** The project's files as they are now; taken once for all machines. */
  readonly tree: Promise<WorkingTree>;
  /** `project`: left out, as this checkout is called everywhere, see `projectKeyOf`. */
  readonly prepare: Omit<PrepareParams, 'project' | 'treeId' | 'prefix'> & { readonly project?: string };
  /** Brings a tree there that it lacks. Default: through the connection. */
  bringTree?(connection: Connection, tree: WorkingTree, signal: AbortSignal): Promise<void>;
}

interface Brought {
  readonly taken: WorkingTree;
  readonly prepared: Prepared;
  /** When the files were there, by `performance.now()`. */
  readonly sentMs: number;
}

/** Sends what another machine lacks of the project's files, and has them checked out and set up there. */
export async function bringFiles(
  connection: Connection,
  machine: string,
  { tree, prepare, bringTree }: FilesToBring,
  signal: AbortSignal,
): Promise<Brought> {
  const taken = await tree;
  const { treeId, prefix } = taken;
  const { hasTree, repository } = await ask(connection, 'cache', { treeId }, { signal });
  if (!hasTree && bringTree !== undefined) await bringTree(connection, taken, signal);
  else if (!hasTree) {
    const url = `ssh://${machine}${repository}`;
    await throughConnection(connection, (sshCommand) => pushTree(taken, { url, sshCommand }, { signal }));
  }
  const sentMs = performance.now();
  const params = { project: projectKeyOf(taken, machine), ...prepare, treeId, prefix };
  const prepared = await ask(connection, 'prepare', params, { signal });
  return { taken, prepared, sentMs };
}
