import { channelVariable } from '../../remote/protocol.js';

/**
 * Takes the descriptor of the channel by which a run on another machine sends suites out of the environment, which suites
 * get too. Undefined: this Jest serves nobody.
 */
export function takeChannel(env: NodeJS.ProcessEnv): number | undefined {
  const { [channelVariable]: descriptor } = env;
  delete env[channelVariable];
  return descriptor === undefined ? undefined : Number(descriptor);
}

/** Whether this Jest runs suites for a run on another machine; before its channel is taken. */
export function isServing(env: NodeJS.ProcessEnv): boolean {
  return env[channelVariable] !== undefined;
}
