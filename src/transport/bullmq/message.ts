import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gunzip, gzip, gzipSync } from 'node:zlib';
import * as v from 'valibot';
import { isSignature, signatureOf } from './signature.js';

/** What one side tells the other. */
export interface Message {
  readonly kind: (typeof kinds)[number];
  /** Number of the call that it belongs to; 0: to none. */
  readonly call: number;
  /** Of the call, the event or the notice. */
  readonly name: string;
  /** By `textOf`; empty: nothing. */
  readonly text: string;
}

/**
 * `call`, `stop`, `notice` and `close` go to the worker; `event`, `answer`, `failure` and `notice` come from it. Each session
 * begins with a call.
 */
const kinds = ['call', 'stop', 'notice', 'close', 'event', 'answer', 'failure'] as const;

/** Whom a message is from. */
export type Side = 'run' | 'worker';

/** What both sides of a conversation know of it. */
export interface Session {
  /** Unique: the run's id, a dot and a number. */
  readonly id: string;
  /** Id of the worker's start. */
  readonly worker: string;
  /** The worker's. */
  readonly key: Buffer;
}

/** A message as it lies on the broker. */
export interface Sealed {
  /** JSON of the header, with the text where it is short. */
  readonly header: string;
  /** The text where it is long, gzip. */
  readonly body?: Buffer | undefined;
}

const header = v.object({
  session: v.string(),
  worker: v.string(),
  side: v.picklist(['run', 'worker']),
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  kind: v.picklist(kinds),
  call: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  name: v.string(),
  expiresMs: v.pipe(v.number(), v.safeInteger()),
  /** SHA-256 of the text, or of the body. */
  hash: v.string(),
  /** Left out: the text is a body. */
  text: v.exactOptional(v.string()),
  signature: v.string(),
});

export type Header = v.InferOutput<typeof header>;

/** A text as it travels. */
export interface Content {
  /** Left out: it is a body. */
  readonly text?: string;
  /** The text where it is long, gzip. */
  readonly body?: Buffer;
  /** SHA-256 of the text, or of the body: nobody unpacks what is not proved. */
  readonly hash: string;
  /** How much it takes on the broker, with what is said about it. */
  readonly bytes: number;
}

export function contentOf(text: string): Content {
  return isLong(text) ? bodyOf(gzipSync(text, { level: 1 })) : shortContentOf(text);
}

/** The same, with a long text compressed beside. Others get between meanwhile, so it is for what nothing follows. */
export async function packedContentOf(text: string): Promise<Content> {
  return isLong(text) ? bodyOf(await promisify(gzip)(text, { level: 1 })) : shortContentOf(text);
}

function shortContentOf(text: string): Content {
  return { text, hash: hashOf(text), bytes: Buffer.byteLength(text) + headerBytes };
}

function bodyOf(body: Buffer): Content {
  return { body, hash: hashOf(body), bytes: body.length + headerBytes };
}

export function seal(
  { id, worker, key }: Session,
  side: Side,
  { kind, call, name }: Omit<Message, 'text'>,
  { text, body, hash }: Content,
  sequence: number,
  nowMs: number,
): Sealed {
  const expiresMs = Math.round(nowMs) + validMs;
  const signed = { session: id, worker, side, sequence, kind, call, name, expiresMs, hash };
  const signature = signatureOf(key, Object.values(signed));
  return { header: JSON.stringify({ ...signed, ...(text !== undefined && { text }), signature }), body };
}

/** @returns The message's header; undefined: it has another form. Nothing about it is proved. */
export function readHeader(text: string): Header | undefined {
  try {
    const parsed = v.safeParse(header, JSON.parse(text));
    return parsed.success ? parsed.output : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is of this session and side, unchanged, and not too old. */
export function isProved(header: Header, { id, worker, key }: Session, side: Side, nowMs: number): boolean {
  const { session, sequence, kind, call, name, expiresMs, hash, text, signature } = header;
  if (session !== id || header.worker !== worker || header.side !== side || expiresMs < nowMs) return false;
  const signed = [session, header.worker, side, sequence, kind, call, name, expiresMs, hash];
  return isSignature(key, signed, signature) && (text === undefined || hashOf(text) === hash);
}

/** @returns The text that was sent as a body; undefined: it is not the one that the header, which is proved, names. */
export async function unpacked(body: Buffer, { hash }: Header): Promise<string | undefined> {
  if (hashOf(body) !== hash) return undefined;
  return (await promisify(gunzip)(body, { maxOutputLength: mostCharacters })).toString('utf8');
}

/** Whether it goes beside the message. The broker keeps messages in memory. */
function isLong(text: string): boolean {
  return text.length > 64 * 1024;
}

function hashOf(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('base64url');
}

/** Longer than a broker is away in a run that goes on. */
const validMs = 10 * 60_000;
/** What a header without a text takes. */
const headerBytes = 512;
/** As much as one text may hold. */
const mostCharacters = 512 * 1024 * 1024 - 1024;
