import { posix, win32 } from 'node:path';
import * as v from 'valibot';
import type { Machine } from '../core/machine/machine.js';
import type { CallOptions, Connection } from '../transport/transport.js';
import { checked } from './checked.js';
import { checkedDetection } from './detected.js';
import type { DetectParams, WorkerCalls, WorkerNotice } from './protocol.js';
import type { QueuedOutcome } from './task-queues.js';

/** What can be asked beside `detect`, which has a check of its own. */
type Asked = Exclude<keyof WorkerCalls, 'detect'>;
type Answer<Name extends Asked> = Awaited<ReturnType<WorkerCalls[Name]>>;

/**
 * Asks a worker something. It may be of another version, damaged or malicious: nothing that it answers is used unchecked.
 * @throws An `Error` for an answer that is none to this question, and as {@link Connection.call} does.
 */
export async function ask<Name extends Asked>(
  connection: Connection,
  name: Name,
  params: Parameters<WorkerCalls[Name]>[0],
  options?: CallOptions,
): Promise<Answer<Name>> {
  return checked(
    answers[name],
    await connection.call(name, params, options),
    `its answer to \`${name}\` cannot be used`,
  );
}

/** Asks a worker what machine it is on. @throws as {@link ask} does. */
export async function askForMachine(
  connection: Connection,
  params: DetectParams,
  options?: CallOptions,
): Promise<Machine> {
  const answer = await connection.call('detect', params, options);
  const declaredDevices = params.machineFile?.devices?.length ?? 0;
  return checkedDetection(answer, { name: params.name, declaredDevices });
}

/** What a worker tells without being asked; undefined for what nobody here knows. @throws An `Error` where it is malformed. */
export function checkedNotice(name: string, payload: unknown): WorkerNotice | undefined {
  if (!isNoticeName(name)) return undefined;
  return {
    name,
    payload: checked(notices[name], payload, `what it told as \`${name}\` cannot be used`),
  } as WorkerNotice;
}

/** An answer to `run` that came too late; undefined where it is malformed. */
export function lateOutcome(answer: unknown): QueuedOutcome | undefined {
  const { success, output } = v.safeParse(answers.run, answer);
  return success ? (output as QueuedOutcome) : undefined;
}

function isNoticeName(name: string): name is WorkerNotice['name'] {
  return Object.hasOwn(notices, name);
}

/** For a line at the terminal; longer ones are cut. */
const mostShownCharacters = 16 * 1024;
/** A pipe is read in parts of 64 KiB. */
const mostOutputCharacters = 1024 * 1024;
/** Longer ones are no paths on any system. */
const mostPathCharacters = 32 * 1024;

const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
const absolutePath = pathThat(isAbsolute, 'an absolute path');
const shortText = v.pipe(v.string(), v.maxLength(200));
const shown = v.pipe(
  v.string(),
  v.transform((text) => text.slice(0, mostShownCharacters)),
);
/** Of a call that has none. */
const nothing = v.any();

const answers: { readonly [Name in Asked]: v.GenericSchema<unknown, Answer<Name>> } = {
  cache: v.object({ hasTree: v.boolean(), repository: absolutePath }),
  fetchTree: nothing,
  receivePack: nothing,
  prepare: v.object({
    // In all that comes back, paths below it become paths here.
    root: pathThat(isFolder, 'an absolute path of a folder'),
    hasSetUp: v.boolean(),
  }),
  start: nothing,
  run: v.variant('started', [
    v.object({ started: v.literal(true), result: v.unknown() }),
    v.object({ started: v.literal(false) }),
  ]),
  rest: nothing,
  finish: nothing,
  ping: nothing,
  examine: v.object({
    nodeVersion: v.pipe(shortText, v.regex(/^v\d+\.\d+\.\d+/)),
    platform: shortText,
    arch: shortText,
    gitVersion: v.exactOptional(v.pipe(shortText, v.regex(/^\d+(\.\d+)+$/))),
    directory: absolutePath,
    freeDiskBytes: v.exactOptional(amount),
    freeMemoryBytes: amount,
    epochMs: amount,
    trees: v.pipe(v.array(v.pipe(v.string(), v.regex(/^[\da-f]{40}$/))), v.maxLength(10_000)),
    doneSetupKey: v.exactOptional(shortText),
  }),
  clean: v.array(v.object({ path: absolutePath, bytes: amount, unusedMs: amount })),
};

const notices = {
  output: v.object({
    stream: v.picklist(['stdout', 'stderr']),
    text: v.pipe(v.string(), v.maxLength(mostOutputCharacters)),
  }),
  // Whoever has sent the setup knows what is answered to it, and what is told then.
  ready: v.unknown(),
  told: v.object({ name: v.string(), payload: v.optional(v.unknown()) }),
  ended: shown,
  leaving: v.null(),
  progress: shown,
} satisfies { readonly [Name in WorkerNotice['name']]: v.GenericSchema };

function pathThat(fits: (path: string) => boolean, expected: string) {
  return v.pipe(v.string(expected), v.maxLength(mostPathCharacters), v.check(fits, expected));
}

function isAbsolute(text: string): boolean {
  return posix.isAbsolute(text) || win32.isAbsolute(text);
}

/** The top of a file system is none. */
function isFolder(text: string): boolean {
  return isAbsolute(text) && /[^\\/]$/.test(text) && text.length > 3;
}
