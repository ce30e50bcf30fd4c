import { relative } from 'node:path';
import type { Machine } from '../core/machine/machine.js';
import { deviceClasses } from '../core/vocabulary/taxonomy.js';
import { formatBytes } from '../core/vocabulary/units.js';
import { UsageError } from '../core/vocabulary/usage-error.js';
import { projectKeyOf } from '../sync/push-tree.js';
import { setupPlan } from '../sync/setup.js';
import { pathsOfTree, whatTravels } from '../sync/what-travels.js';
import { type WorkingTree, workingTree } from '../sync/working-tree.js';
import { type Connection, Unreachable } from '../transport/transport.js';
import { ask, askForMachine } from './ask.js';
import { type Link, measureLink } from './measure-link.js';
import type { DetectParams, Examined } from './protocol.js';
import { machineFileFor, type Reach, type Sent, syncOf, transportTo } from './reach.js';

/** A machine as the option `machines` describes it. */
export interface TestedMachine extends Reach {
  readonly setup?: string | false;
  readonly machine?: string | Readonly<Record<string, unknown>>;
  readonly python?: string;
  readonly env?: readonly string[];
}

/** What keeps a machine from a run, or is worth knowing, with the remedy. */
interface MachineTrouble {
  readonly severity: 'wrong' | 'note';
  readonly message: string;
  readonly remedy?: string;
}

/** Whether and how a machine can take part in a run. */
export interface MachineTest {
  readonly name: string;
  readonly address: string;
  /** Wrong first. */
  readonly troubles: readonly MachineTrouble[];
  /** Ms until the worker there answered. */
  readonly connectMs?: number;
  readonly link?: Link;
  readonly there?: Omit<Examined, 'trees' | 'doneSetupKey' | 'epochMs'>;
  /** How far its clock is ahead of this one, ms. */
  readonly clockAheadMs?: number;
  readonly sync?: {
    readonly treeId: string;
    /** Whether it has all of it. */
    readonly isThere: boolean;
    readonly files: number;
    readonly bytes: number;
    /** How long sending takes by the measured link, ms. */
    readonly expectedMs: number;
  };
  /** What a run would have to run there first. */
  readonly setup?: { readonly command?: string; readonly isDone: boolean };
  readonly machine?: Machine;
}

export interface MachineTestOptions {
  readonly rootDir: string;
  /** The project's files as they are now; taken once for all machines. */
  readonly tree: Promise<WorkingTree>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What to call the machines in messages: `option machines`. */
  readonly where: string;
}

/** The project's files as they are now, with all that any of the machines is to get. Never rejects unawaited. */
export function takeTree(
  machines: readonly Sent[],
  sync: Sent['sync'],
  rootDir: string,
): Promise<WorkingTree> {
  const tree = workingTree(rootDir, syncOf(machines, sync));
  tree.catch(() => {});
  return tree;
}

/** Connects to a machine and asks it all that a run would need of it; nothing is sent there but the worker itself. */
export async function testMachine(tested: TestedMachine, options: MachineTestOptions): Promise<MachineTest> {
  const transport = transportTo(tested, options.where);
  const { name, address } = transport;
  const troubles: MachineTrouble[] = [];
  let answer: Omit<MachineTest, 'name' | 'address' | 'troubles'> = {};
  const startedMs = performance.now();
  const signal = AbortSignal.timeout(mostMs);
  let connection: Connection | undefined;
  try {
    connection = await transport.connect({ onNotice() {} }, signal);
    const connectMs = Math.round(performance.now() - startedMs);
    answer = { connectMs };
    for await (const part of answers({ connection, name, tested, options, troubles, signal }))
      answer = { ...answer, ...part };
  } catch (error) {
    troubles.push(troubleOf(error as Error));
  } finally {
    await connection?.close();
  }
  const sorted = [...troubles.filter(isWrong), ...troubles.filter((each) => !isWrong(each))];
  return { name, address, troubles: sorted, ...answer };
}

/** A machine that answers nothing after so long is hung. Detection may take 20 s where a driver is. */
const mostMs = 60_000;

type Part = Omit<MachineTest, 'name' | 'address' | 'troubles'>;

interface Asked {
  readonly connection: Connection;
  readonly name: string;
  readonly tested: TestedMachine;
  readonly options: MachineTestOptions;
  /** Gets what is wrong. */
  readonly troubles: MachineTrouble[];
  readonly signal: AbortSignal;
}

/** One answer after another, so that those that come before a failure count. */
async function* answers({
  connection,
  name,
  tested,
  options,
  troubles,
  signal,
}: Asked): AsyncGenerator<Part> {
  const { rootDir, tree, env } = options;
  const link = await unless(signal, measureLink(connection));
  yield { link };
  const detectParams: DetectParams = {
    name,
    classes: deviceClasses,
    lazy: [],
    ...(tested.python !== undefined && { python: tested.python }),
    ...(tested.machine !== undefined && { machineFile: machineFileFor(tested.machine, rootDir) }),
  };
  const taken = await tree.catch((error: Error) => error);
  const project = taken instanceof Error ? undefined : projectKeyOf(taken, name);
  const local =
    taken instanceof Error ? undefined : setupPlan(taken.root, projectDirectory(taken), asked(tested));
  const modules = local === undefined || taken instanceof Error ? '' : relative(taken.root, local.directory);
  const examineParams = { modules, ...(project !== undefined && { project }) };
  const askedMs = Date.now();
  const { trees, doneSetupKey, epochMs, ...there } = await unless(
    signal,
    ask(connection, 'examine', examineParams, { signal }),
  );
  const clockAheadMs = Math.round(epochMs - (askedMs + (Date.now() - askedMs) / 2));
  yield { there, clockAheadMs };
  troubles.push(...troublesOf(there, clockAheadMs));
  const unset = (tested.env ?? []).filter((name) => env[name] === undefined);
  if (unset.length > 0) {
    troubles.push({
      severity: 'note',
      message: `\`env\` names ${unset.join(', ')}, which ${unset.length === 1 ? 'is' : 'are'} not set here`,
    });
  }
  if (taken instanceof Error) troubles.push(troubleOf(taken));
  else {
    const isThere = trees.includes(taken.treeId);
    const travelling = isThere ? { files: 0, bytes: 0 } : await whatTravels(taken, trees, signal);
    const expectedMs = isThere ? 0 : 3 * link.roundTripMs + travelling.bytes / link.bytesPerMs;
    yield { sync: { treeId: taken.treeId, isThere, ...travelling, expectedMs: Math.round(expectedMs) } };
    if (there.freeDiskBytes !== undefined && there.freeDiskBytes < 4 * travelling.bytes + leastDiskBytes) {
      troubles.push({
        severity: 'wrong',
        message: `has only ${formatBytes(there.freeDiskBytes)} free in ${there.directory}`,
        remedy:
          'free space there (`machines clean` removes old checkouts), or give the machine another `directory`',
      });
    }
    if (tested.setup !== false) {
      const sent = await pathsOfTree(taken);
      const plan = setupPlan(taken.root, projectDirectory(taken), asked(tested), { ...there, sent });
      yield {
        setup: {
          ...(plan.command !== undefined && { command: plan.command }),
          isDone: doneSetupKey === plan.setupKey,
        },
      };
    }
  }
  const machine = await unless(signal, askForMachine(connection, detectParams, { signal }));
  yield { machine };
}

/** Less leaves no room for dependencies. */
const leastDiskBytes = 200e6;

function asked({ setup }: TestedMachine): string | undefined {
  return setup === false ? undefined : setup;
}

function projectDirectory({ root, prefix }: WorkingTree): string {
  return prefix === '' ? root : `${root}/${prefix}`;
}

function troublesOf(
  { gitVersion }: Pick<Examined, 'gitVersion'>,
  clockAheadMs: number,
): readonly MachineTrouble[] {
  const troubles: MachineTrouble[] = [];
  const remedy = 'install git 2.31 or newer there; a shell that is not interactive must find it on its PATH';
  if (gitVersion === undefined) troubles.push({ severity: 'wrong', message: 'has no git', remedy });
  else if (isOlder(gitVersion, [2, 31]))
    troubles.push({ severity: 'wrong', message: `has git ${gitVersion}, which is too old`, remedy });
  if (Math.abs(clockAheadMs) > mostClockMs) {
    const seconds = Math.round(Math.abs(clockAheadMs) / 1000);
    troubles.push({
      severity: 'note',
      message: `its clock is ${seconds} s ${clockAheadMs > 0 ? 'ahead' : 'behind'}`,
      remedy: 'let both machines set their clocks by the network; suites that compare times may fail there',
    });
  }
  return troubles;
}

const mostClockMs = 5000;

function isOlder(version: string, [major, minor]: readonly [number, number]): boolean {
  const [first = 0, second = 0] = version.split('.').map(Number);
  return first < major || (first === major && second < minor);
}

function troubleOf(error: Error): MachineTrouble {
  const severity = 'wrong';
  if (error instanceof Unreachable)
    return { severity, message: error.message, ...(error.remedy !== undefined && { remedy: error.remedy }) };
  if (!(error instanceof UsageError)) return { severity, message: error.message };
  const [problem] = error.problems;
  const found = problem?.found === undefined ? '' : `: ${problem.found}`;
  return {
    severity,
    message: `${problem?.message ?? error.message}${found}`,
    ...(problem?.remedy !== undefined && { remedy: problem.remedy }),
  };
}

function isWrong({ severity }: MachineTrouble): boolean {
  return severity === 'wrong';
}

/** @throws when the signal is aborted before. */
function unless<Value>(signal: AbortSignal, promise: Promise<Value>): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(new Unreachable(`did not answer for ${mostMs / 1000} s`));
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
