import { UsageError } from '../core/vocabulary/usage-error.js';
import { isLoopback, parsedAddress } from '../transport/bullmq/broker-problems.js';
import { parseWorkerKey, workerKey, workerKeyText } from '../transport/bullmq/signature.js';
import { takeFleetVariables } from './fleet-variables.js';

const secretVariable = 'JEST_HARDWARE_SECRET';
const keyVariable = 'JEST_HARDWARE_WORKER_KEY';

/**
 * The fleet's secret, which whoever starts runs has.
 * @param url Of the broker; undefined: any.
 * @throws UsageError when there is none, unless the broker serves this machine alone.
 */
export function fleetSecret(
  url: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  const secret = env[secretVariable] ?? '';
  if (secret.length >= leastCharacters) return secret;
  if (secret === '' && url !== undefined && isLoopback(parsedAddress(url).hostname)) return onThisMachine;
  throw new UsageError({
    message: secret === '' ? 'JEST_HARDWARE_SECRET is not set' : 'JEST_HARDWARE_SECRET is too short',
    expected: `the fleet's secret, ${leastCharacters} characters or more: the same for all who start runs`,
    remedy: `make one by \`openssl rand -base64 32\`, and keep it where you keep other secrets; machines need only a key of their own, by \`jest-runner-hardware fleet --issue NAME\``,
  });
}

/**
 * What a machine proves itself by: a key of its own, else the fleet's secret. Both and the address are taken out of the
 * environment, so that no suite gets them.
 * @param name Asked for by the user; undefined: the key's, else the fallback.
 * @throws UsageError when there is neither, or the key is another machine's.
 */
export function takeWorkerKey(
  url: string,
  env: NodeJS.ProcessEnv,
  name: string | undefined,
  fallback: string,
): { readonly name: string; readonly key: Buffer } {
  const variables = takeFleetVariables(env);
  const given = variables[keyVariable] ?? '';
  const read = given === '' ? undefined : parseWorkerKey(given);
  const secret = read === undefined ? fleetSecret(url, variables) : '';
  if (read === undefined) {
    const own = name ?? fallback;
    return { name: own, key: workerKey(secret, own) };
  }
  if (name === undefined || name === read.name) return read;
  throw new UsageError({
    message: `the key is that of ${read.name}, and not of ${name}`,
    expected: `--name ${read.name}`,
    remedy: `leave --name out, or issue a key for ${name}`,
  });
}

/** The key that a machine of this name needs. @throws UsageError when the secret is not at hand. */
export function issuedKey(name: string, env: Readonly<Record<string, string | undefined>>): string {
  return workerKeyText(fleetSecret(undefined, env), name);
}

const leastCharacters = 16;
/** Who reaches the broker on this machine can run programs here anyway. */
const onThisMachine = 'the broker serves this machine alone';
