import type { Host } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';
import { parseAmdSmi, parseRocmSmi } from './smi.js';

const tools = [
  { name: 'amd-smi', args: ['static', '--asic', '--bus', '--json'], parse: parseAmdSmi },
  { name: 'rocm-smi', args: ['--showproductname', '--showbus', '--json'], parse: parseRocmSmi },
] as const;

/** What AMD's own tools call the GPUs, by PCI address: the first tool that is there and answers. */
export async function namesByAmdTools(
  host: Host,
  { timeoutMs, signal }: ProbeOptions,
): Promise<{ readonly names: ReadonlyMap<string, string>; readonly source: string } | undefined> {
  for (const { name, args, parse } of tools) {
    const isAnswer = (stdout: string) => parse(stdout) !== undefined;
    const { status, stdout } = await host.run(name, args, { timeoutMs, signal, isAnswer });
    const names = status === 'ok' ? parse(stdout) : undefined;
    if (names !== undefined) return { names, source: name };
    // Both ask the same driver: what hangs once hangs again.
    if (status === 'timeout') return undefined;
  }
  return undefined;
}
