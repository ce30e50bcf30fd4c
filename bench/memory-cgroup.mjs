/** A Linux control group with a memory limit, for runs that must not get more. */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where groups can be made and what their limit is called: version 1, then 2. */
const hierarchies = [
  { directory: '/sys/fs/cgroup/memory', limit: 'memory.limit_in_bytes' },
  { directory: '/sys/fs/cgroup', limit: 'memory.max', swap: 'memory.swap.max' },
];

/**
 * @param {number} limitBytes
 * @returns {{ within: (argv: readonly string[]) => string[], remove: () => void } | { reason: string }}
 *   `within`: the command that runs in the group.
 */
export function memoryCgroup(limitBytes) {
  let reason = 'no control groups here';
  for (const { directory, limit, swap } of hierarchies) {
    const group = join(directory, `jest-runner-hardware-bench-${process.pid}`);
    try {
      mkdirSync(group);
    } catch (error) {
      reason = String(error);
      continue;
    }
    try {
      writeFileSync(join(group, limit), String(limitBytes));
      if (swap !== undefined && existsSync(join(group, swap))) writeFileSync(join(group, swap), '0');
      return {
        within: (argv) => ['bash', '-c', `echo $$ > "$0" && exec "$@"`, join(group, 'cgroup.procs'), ...argv],
        remove: () => rmdirSync(group),
      };
    } catch (error) {
      reason = String(error);
      rmdirSync(group);
    }
  }
  return { reason };
}
