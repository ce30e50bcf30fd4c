import type { MachineProblem } from '../../core/machine/machine.js';
import type { Host, RunOutcome } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';
import { type DriverGpu, gpusOfDriver, sameGpu } from './driver.js';
import { type MigSlice, parseMigSlices } from './mig.js';
import {
  allFields,
  type GpuMentioned,
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
    const answer = read(outcome, fields, options);
    if ('message' in answer) return { kind: 'failed', problem: answer };
    const whole = outcome.status === 'ok' && !answer.notes.some(isFault);
    const { gpus, notes } = whole ? answer : await completed(answer, { host, tool, options, fields });
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
  let outcome = await ask(at, fields);
  for (const attempt of [1, 2]) {
    const unknown = unknownFieldOf(outcome);
    if (unknown === undefined) break;
    const dropped: readonly string[] = attempt === 1 ? [unknown] : laterFields;
    const rest = fields.filter((field) => !dropped.includes(field));
    fields = rest.length < fields.length ? rest : fields.filter((field) => !laterFields.includes(field));
    outcome = await ask(at, fields);
  }
  return { outcome, fields };
}

function unknownFieldOf({ status, stdout, stderr }: RunOutcome): string | undefined {
  if (status !== 'error') return undefined;
  return /Field "([^"]*)" is not a valid field/i.exec(stdout + stderr)?.[1];
}

function ask(
  { host, tool, options: { timeoutMs, signal } }: Tool,
  fields: readonly NvidiaSmiField[],
  gpu?: string,
): Promise<RunOutcome> {
  const query = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const args = gpu === undefined ? query : [...query, '-i', gpu];
  return host.run(tool, args, { timeoutMs, signal, keep: 'hangs' });
}

function read(
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

/** More GPUs than any machine has; one call each, a few at a time. */
const mostGpus = 32;

/** A GPU that is off the bus can end the answer before its healthy neighbours: each of those is asked for alone. */
async function completed(
  { gpus: rows, notes }: NvidiaSmiAnswer,
  { fields, ...at }: Tool & { readonly fields: readonly NvidiaSmiField[] },
): Promise<NvidiaSmiAnswer> {
  const listed = gpusOfDriver(at.host);
  const gpus = rows.map((row) => withAddress(row, sameGpu(row, listed)));
  const broken = notes.filter(isFault);
  const unknown = listed.filter(
    (gpu) => !gpus.some((row) => isSame(row, gpu)) && !broken.some((line) => isAbout(line, gpu)),
  );
  const ids =
    listed.length > 0
      ? unknown.map(({ pciAddress, index }) => pciAddress ?? String(index))
      : nodeNumbers(at.host).filter((id) => !gpus.some(({ index }) => String(index) === id));
  const answers = await Promise.all(
    ids.slice(0, mostGpus).map(async (id) => {
      const outcome = await ask(at, fields, id);
      return { id, answer: parseNvidiaSmi(`${outcome.stdout}\n${outcome.stderr}`, fields) };
    }),
  );
  const said = [...notes, ...answers.flatMap(({ answer }) => answer.notes)];
  const added = answers.flatMap(({ id, answer }): readonly NvidiaGpu[] => {
    const known = listed.find(({ pciAddress, index }) => (pciAddress ?? String(index)) === id);
    const [row] = answer.gpus;
    if (row !== undefined) return [withAddress(row, known)];
    // Silent about this one because of another that is broken: what the kernel tells has to do.
    const excused = answer.notes.some((line) => isFault(line) && gpuMentionedIn(line) !== undefined);
    return known !== undefined && excused ? [known] : [];
  });
  return withFaults(withoutTwins([...gpus, ...added]), listed, [...new Set(said)]);
}

/** Faults go to the GPUs that they name, also to those that only the kernel lists, or nobody. */
function withFaults(
  gpus: readonly NvidiaGpu[],
  listed: readonly DriverGpu[],
  said: readonly string[],
): NvidiaSmiAnswer {
  const all: NvidiaGpu[] = [...gpus];
  const notes: string[] = [];
  for (const line of said) {
    const named = isFault(line) ? gpuMentionedIn(line) : undefined;
    if (named === undefined) {
      notes.push(line);
      continue;
    }
    const at = all.findIndex((gpu) => isAbout(line, gpu));
    const gpu = all[at] ?? listed.find((each) => isAbout(line, each)) ?? { ...unnamed(all), ...given(named) };
    all.splice(at < 0 ? all.length : at, 1, { ...gpu, fault: gpu.fault ?? line });
  }
  return { gpus: all.toSorted((a, b) => a.index - b.index), notes };
}

function unnamed(gpus: readonly NvidiaGpu[]): NvidiaGpu {
  const taken = new Set(gpus.map(({ index }) => index));
  const free = Array.from({ length: gpus.length + 1 }, (_, index) => index).find(
    (index) => !taken.has(index),
  );
  return { index: free ?? gpus.length, name: 'NVIDIA GPU' };
}

function given({ pciAddress, uuid, index }: GpuMentioned): Partial<NvidiaGpu> {
  return {
    ...(pciAddress !== undefined && { pciAddress }),
    ...(uuid !== undefined && { uuid }),
    ...(index !== undefined && { index }),
  };
}

/** Lines name a GPU by its address, which short rows do not tell. */
function withAddress(row: NvidiaGpu, known: DriverGpu | undefined): NvidiaGpu {
  return { ...(known?.pciAddress && { pciAddress: known.pciAddress }), ...row };
}

/** Numbers of the nodes, where the kernel's list is not to be seen. */
function nodeNumbers(host: Host): readonly string[] {
  return host.readDirectory('/dev').flatMap((name) => /^nvidia(\d+)$/.exec(name)?.[1] ?? []);
}

function withoutTwins(gpus: readonly NvidiaGpu[]): readonly NvidiaGpu[] {
  return gpus
    .filter((gpu, position) => gpus.findIndex(({ index }) => index === gpu.index) === position)
    .toSorted((a, b) => a.index - b.index);
}

function isSame(row: NvidiaGpu, gpu: DriverGpu): boolean {
  if (row.pciAddress !== undefined) return row.pciAddress === gpu.pciAddress;
  return gpu.uuid === undefined ? row.index === gpu.index : row.uuid === gpu.uuid;
}

/** Whether a line names this GPU. */
export function isAbout(line: string, gpu: Pick<NvidiaGpu, 'index' | 'uuid' | 'pciAddress'>): boolean {
  const named = gpuMentionedIn(line);
  if (named === undefined) return false;
  if (named.pciAddress !== undefined) return named.pciAddress === gpu.pciAddress;
  return named.uuid === undefined ? named.index === gpu.index : named.uuid === gpu.uuid;
}

async function slicesOf({ host, tool, options }: Tool): Promise<readonly MigSlice[] | undefined> {
  const { timeoutMs, signal } = options;
  const { status, stdout } = await host.run(tool, ['-L'], { timeoutMs, signal, keep: 'hangs' });
  return status === 'ok' ? parseMigSlices(stdout) : undefined;
}
