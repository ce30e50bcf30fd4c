/** No kernel runs on more CPUs; Linux is built for at most 8192. */
export const believableCpus = 2 ** 16;

/** How many CPUs a kernel list names: `0-3,8` → 5. Undefined when it is not such a list or names none. */
export function countCpuList(text: string): number | undefined {
  let count = 0;
  for (const part of text.trim().split(',')) {
    const range = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (range === null) return undefined;
    const first = Number(range[1]);
    const last = Number(range[2] ?? range[1]);
    if (last < first) return undefined;
    count += last - first + 1;
  }
  return count < believableCpus ? count : undefined;
}

/** CPUs this process may run on, from `/proc/self/status`. */
export function parseAffinity(status: string): number | undefined {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1];
  return list === undefined ? undefined : countCpuList(list);
}
