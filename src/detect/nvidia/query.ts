import type { MachineProblem } from '../../core/machine/machine.js';
import type { Host, RunOutcome } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';
import { withBrokenGpus } from './broken-gpus.js';
import { type MigSlice, parseMigSlices } from './mig.js';
import {
  allFields,
  gpuMentionedIn,
  isFault,
  type NvidiaGpu,
  type NvidiaSmiAnswer,
  type NvidiaSmiField,
  parseNvidiaSmi,
} from './smi.js';

/** What `nvidia-smi` says just now. Modes and health are among it, so that nothing of it is kept but that it hangs. */
export type NvidiaAnswer =
  | { readonly kind: 'absent' }
  | { readonly kind: 'failed'; readonly problem: Required<MachineProblem> }
  | {
      readonly kind: 'told';
      readonly gpus: readonly NvidiaGpu[];
      /** Lines that are no row: warnings about a card, or what is wrong with one. */
      readonly notes: readonly string[];
      /** Undefined when they could not be listed. */
      readonly slices: readonly MigSlice[] | undefined;
    };

/** WSL's driver puts its tool outside of PATH. */
const wslTool = '/usr/lib/wsl/lib/nvidia-smi';

/** One call tells of every GPU; more follow only for old drivers, cut GPUs, and where a broken GPU ended the answer early. */
export async function askNvidiaSmi(host: Host, options: ProbeOptions): Promise<NvidiaAnswer> {
  for (const tool of host.exists('/dev/dxg') ? ['nvidia-smi', wslTool] : ['nvidia-smi']) {
    const { outcome, fields } = await askKnownFields({ host, tool, options });
    if (outcome.status === 'absent' || isWithoutLibrary(outcome)) continue;
    const answer = answerIn(outcome, fields, options);
    if ('message' in answer) return { kind: 'failed', problem: answer };
    const whole = outcome.status === 'ok' && !answer.notes.some(isFault);
    const { gpus, notes } = whole
      ? answer
      : await withBrokenGpus(answer, host, (id) => askAbout(id, { host, tool, options }, fields));
    const slices = gpus.some(isCut) ? await slicesOf({ host, tool, options }) : [];
    return { kind: 'told', gpus, notes, slices };
  }
  return { kind: 'absent' };
}

export function isCut({ migMode }: NvidiaGpu): boolean {
  return migMode === 'Enabled';
}

interface Tool {
  readonly host: Host;
  readonly tool: string;
  readonly options: ProbeOptions;
}

/** A container that may only compute has no library for the management tool: it tells nothing then, and is not needed. */
function isWithoutLibrary({ status, stdout, stderr }: RunOutcome): boolean {
  return status === 'error' && /couldn't find libNVIDIA-ml\.so/i.test(stdout + stderr);
}

/** Fields that drivers before R510 do not all know. */
const laterFields: readonly NvidiaSmiField[] = ['mig.mode.current', 'compute_cap', 'memory.reserved'];

/** The tool names the first field that it does not know; where there is a second one, all later ones are left out. */
async function askKnownFields(
  at: Tool,
): Promise<{ readonly outcome: RunOutcome; readonly fields: readonly NvidiaSmiField[] }> {
  let fields: readonly NvidiaSmiField[] = allFields;
  let outcome = await queryGpus(at, fields);
  for (const attempt of [1, 2]) {
    const unknown = unknownFieldOf(outcome);
    if (unknown === undefined) break;
    const dropped: readonly string[] = attempt === 1 ? [unknown] : laterFields;
    const rest = fields.filter((field) => !dropped.includes(field));
    fields = rest.length < fields.length ? rest : fields.filter((field) => !laterFields.includes(field));
    outcome = await queryGpus(at, fields);
  }
  return { outcome, fields };
}

function unknownFieldOf({ status, stdout, stderr }: RunOutcome): string | undefined {
  if (status !== 'error') return undefined;
  return /Field "([^"]*)" is not a valid field/i.exec(stdout + stderr)?.[1];
}

function queryGpus(
  { host, tool, options: { timeoutMs, signal } }: Tool,
  fields: readonly NvidiaSmiField[],
  gpu?: string,
): Promise<RunOutcome> {
  const query = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const args = gpu === undefined ? query : [...query, '-i', gpu];
  return host.run(tool, args, { timeoutMs, signal, keep: 'hangs' });
}

/** What the tool says of one GPU, on either stream. */
async function askAbout(id: string, at: Tool, fields: readonly NvidiaSmiField[]): Promise<NvidiaSmiAnswer> {
  const outcome = await queryGpus(at, fields, id);
  return parseNvidiaSmi(`${outcome.stdout}\n${outcome.stderr}`, fields);
}

function answerIn(
  outcome: RunOutcome,
  fields: readonly NvidiaSmiField[],
  { timeoutMs }: ProbeOptions,
): Required<MachineProblem> | NvidiaSmiAnswer {
  const remedy = 'run `nvidia-smi` by hand and repair the driver, or declare the GPU in a machine file';
  if (outcome.status === 'timeout') {
    const message = `nvidia-smi did not answer within ${timeoutMs / 1000} s`;
    return outcome.remembered === true
      ? { message: `${message} earlier, and is not asked again`, remedy: `${remedy}; ${askAgain}` }
      : { message, remedy };
  }
  const answer = parseNvidiaSmi(outcome.stdout, fields);
  const also = outcome.stderr.split('\n').flatMap((line) => line.trim() || []);
  const notes = [...answer.notes, ...also];
  const oneGpu = notes.some((line) => isFault(line) && gpuMentionedIn(line) !== undefined);
  if (answer.gpus.length > 0 || oneGpu) return { gpus: answer.gpus, notes };
  if (outcome.status !== 'ok') {
    // `No devices were found` and driver mismatches come on either stream.
    const said = (outcome.stderr.trim() || outcome.stdout.trim()).split('\n', 1)[0];
    return { message: `nvidia-smi failed: ${said?.slice(0, 200) || 'no message'}`, remedy };
  }
  const [garbage] = answer.notes;
  if (garbage === undefined) return { gpus: [], notes: [] };
  const found = JSON.stringify(garbage.slice(0, 80));
  return { message: `nvidia-smi printed something else than a list of GPUs: ${found}`, remedy };
}

const askAgain = '`npx jest-runner-hardware doctor` asks it again';

async function slicesOf({ host, tool, options }: Tool): Promise<readonly MigSlice[] | undefined> {
  const { timeoutMs, signal } = options;
  const { status, stdout } = await host.run(tool, ['-L'], { timeoutMs, signal, keep: 'hangs' });
  return status === 'ok' ? parseMigSlices(stdout) : undefined;
}
