import type { Quantity } from '../core/machine/machine.js';
import type { Host } from '../host/host.js';

type Readings = Partial<Record<Quantity, number>>;

const toolTimeoutMs = 4000;
/** How often the power is looked at while suites hold a GPU: four times a second costs the tool 0.3 % of one thread and this process as much. */
const loopMs = 250;

/** The momentary power is not known to old drivers; `power.draw` is its mean over a second on later cards. */
const queries = ['uuid,temperature.gpu,power.draw.instant', 'uuid,temperature.gpu,power.draw'] as const;
const format = '--format=csv,noheader,nounits';

/** Asks once. @param gpus Device ids by UUID. */
export async function askNvidia(
  host: Host,
  gpus: ReadonlyMap<string, string>,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, Readings>> {
  const options = { timeoutMs: toolTimeoutMs, ...(signal && { signal }) };
  const { status, stdout } = await host.run('nvidia-smi', [`--query-gpu=${queries[1]}`, format], options);
  return status === 'ok' ? new Map(stdout.split('\n').flatMap((line) => rowOf(line, gpus))) : new Map();
}

/**
 * Asks again and again, by one process that stays.
 * @param onEnd The tool does not go on: it does not know the question, or lost its driver.
 * @returns Ends the process.
 */
export function followNvidia(
  host: Host,
  gpus: ReadonlyMap<string, string>,
  onReadings: (readings: ReadonlyMap<string, Readings>) => void,
  onEnd: () => void,
): () => void {
  let stop = () => {};
  const start = (index: number) => {
    let told = false;
    const args = [`--query-gpu=${queries[index]}`, format, `--loop-ms=${loopMs}`];
    stop = host.follow('nvidia-smi', args, {
      onLine: (line) => {
        const row = rowOf(line, gpus);
        const isRefused = index + 1 < queries.length && row.some(([, { power }]) => power === undefined);
        if (row.length === 0) return;
        if (!told && isRefused) {
          stop();
          start(index + 1);
          return;
        }
        told = true;
        onReadings(new Map(row));
      },
      onEnd: () => {
        if (!told && index + 1 < queries.length) start(index + 1);
        else onEnd();
      },
    });
  };
  start(0);
  return () => stop();
}

function rowOf(line: string, gpus: ReadonlyMap<string, string>): readonly (readonly [string, Readings])[] {
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
