/** Variables by which a process reaches its fleet. Suites need none of them. */
const names = ['JEST_HARDWARE_CONNECT', 'JEST_HARDWARE_SECRET', 'JEST_HARDWARE_WORKER_KEY'] as const;

export type FleetVariables = { readonly [Name in (typeof names)[number]]?: string };

/** Takes the fleet's variables out of the environment, which suites and all other processes that are started get too. */
export function takeFleetVariables(env: NodeJS.ProcessEnv): FleetVariables {
  const taken = Object.fromEntries(
    names.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
  for (const name of names) delete env[name];
  return taken;
}
