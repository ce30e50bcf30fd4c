import type { Host } from '../host/host.js';
import type { DeviceReadings, ReadingsByDevice } from './sensors.js';

const tuning = {
  /** Limit for one call. Not tuned: no measurement is recorded. */
  timeoutMs: 4000,
  /** Between two readings while suites hold a GPU. Measured: the tool then takes 0.3 % of one thread, and this process as much. */
  loopMs: 250,
} as const;

/** Old drivers reject the momentary power. `power.draw` is on later cards the mean of the last second. */
const queries = ['uuid,temperature.gpu,power.draw.instant', 'uuid,temperature.gpu,power.draw'] as const;
const format = '--format=csv,noheader,nounits';

/** Reads all GPUs once. @param gpus Device ids by UUID. */
export async function askNvidia(
  host: Host,
  gpus: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<ReadingsByDevice> {
  const options = { timeoutMs: tuning.timeoutMs, ...(signal && { signal }) };
  const { status, stdout } = await host.run('nvidia-smi', [`--query-gpu=${queries[1]}`, format], options);
  return status === 'ok' ? new Map(stdout.split('\n').flatMap((line) => rowOf(line, gpus))) : new Map();
}

/**
 * Reads all GPUs repeatedly, by one process that stays.
 * @param onEnd Called when the tool ended: it rejects the query, or lost its driver.
 * @returns A function that ends the process.
 */
export function followNvidia(
  host: Host,
  gpus: ReadonlyMap<string, string>,
  onReadings: (readings: ReadingsByDevice) => void,
  onEnd: () => void,
): () => void {
  let stop = () => {};
  const start = (index: number) => {
    let hasAnswered = false;
    const args = [`--query-gpu=${queries[index]}`, format, `--loop-ms=${tuning.loopMs}`];
    stop = host.follow('nvidia-smi', args, {
      onLine: (line) => {
        const row = rowOf(line, gpus);
        const isRefused = index + 1 < queries.length && row.some(([, { power }]) => power === undefined);
        if (row.length === 0) return;
        if (!hasAnswered && isRefused) {
          stop();
          start(index + 1);
          return;
        }
        hasAnswered = true;
        onReadings(new Map(row));
      },
      onEnd: () => {
        if (!hasAnswered && index + 1 < queries.length) start(index + 1);
        else onEnd();
      },
    });
  };
  start(0);
  return () => stop();
}

function rowOf(
  line: string,
  gpus: ReadonlyMap<string, string>,
): readonly (readonly [string, DeviceReadings])[] {
  const [uuid = '', ...cells] = line.split(',').map((part) => part.trim());
  const device = gpus.get(uuid);
  if (device === undefined) return [];
  const [temperature, power] = cells.map((cell) => (/^\d+(\.\d+)?$/.test(cell) ? Number(cell) : undefined));
  const readings = {
    ...(temperature !== undefined && { temperature }),
    ...(power !== undefined && { power }),
  };
  return [[device, readings] as const];
}
