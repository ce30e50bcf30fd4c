/** What a Redis has done: commands, bytes and CPU of its main thread. */

/**
 * @param {import('ioredis').Redis} redis
 * @returns {Promise<{ commands: number, bytesIn: number, bytesOut: number, cpuMs: number, byCommand: Record<string, number> }>}
 */
export async function loadOf(redis) {
  const [stats, cpu, commandStats] = await Promise.all(
    ['stats', 'cpu', 'commandstats'].map((part) => redis.info(part)),
  );
  const figure = (text, name) => Number(new RegExp(`^${name}:([\\d.]+)`, 'm').exec(text)?.[1]);
  const calls = [...commandStats.matchAll(/^cmdstat_([^:]+):calls=(\d+)/gm)];
  const byCommand = Object.fromEntries(calls.map(([, name, count]) => [name, Number(count)]));
  delete byCommand.info;
  const seconds = figure(cpu, 'used_cpu_user_main_thread') + figure(cpu, 'used_cpu_sys_main_thread');
  return {
    // Those within scripts count as well.
    commands: Object.values(byCommand).reduce((sum, each) => sum + each, 0),
    bytesIn: figure(stats, 'total_net_input_bytes'),
    bytesOut: figure(stats, 'total_net_output_bytes'),
    cpuMs: seconds * 1000,
    byCommand,
  };
}

/** @returns What came in between: numbers alone. */
export function difference(before, after) {
  const { byCommand: first, ...numbersBefore } = before;
  const { byCommand, ...numbers } = after;
  const less = (one, other) =>
    Object.fromEntries(Object.entries(other).map(([name, value]) => [name, value - (one[name] ?? 0)]));
  return { ...less(numbersBefore, numbers), byCommand: less(first, byCommand) };
}
