import { beginLine, channelVariable } from '../../remote/protocol.js';

/**
 * Takes the descriptor of the channel by which a run on another machine sends suites out of the environment, which suites
 * get too. Undefined: this Jest serves nobody.
 */
export function takeChannel(env: NodeJS.ProcessEnv): number | undefined {
  const { [channelVariable]: descriptor } = env;
  delete env[channelVariable];
  if (descriptor === undefined) return undefined;
  // Jest here has read its config and says nothing more that it does not say where the run was started.
  for (const stream of [process.stdout, process.stderr]) stream.write(`${beginLine}\n`);
  return Number(descriptor);
}

/** Whether this Jest runs suites for a run on another machine; before its channel is taken. */
export function isServing(env: NodeJS.ProcessEnv): boolean {
  return env[channelVariable] !== undefined;
}
