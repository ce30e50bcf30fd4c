import type { Host } from '../../host/host.js';
import { type DriverGpu, gpusOfDriver, sameGpu } from './driver.js';
import {
  type GpuMentioned,
  gpuMentionedIn,
  isAbout,
  isFault,
  type NvidiaGpu,
  type NvidiaSmiAnswer,
} from './smi.js';

/** Calls at most, one a GPU. Not tuned: above the number of GPUs of any machine. */
const mostGpus = 32;

/**
 * Completes an answer that a broken GPU has cut short. A GPU that fell off the bus can end the answer before its healthy
 * neighbours, so each GPU that is missing is asked about alone. A GPU that a fault names is added with that fault.
 * @param askAbout Asks the tool about one GPU, by PCI address or index.
 */
export async function withBrokenGpus(
  { gpus: rows, notes }: NvidiaSmiAnswer,
  host: Host,
  askAbout: (id: string) => Promise<NvidiaSmiAnswer>,
): Promise<NvidiaSmiAnswer> {
  const listed = gpusOfDriver(host);
  const gpus = rows.map((row) => withAddress(row, sameGpu(row, listed)));
  const broken = notes.filter(isFault);
  const unknown = listed.filter(
    (gpu) => !gpus.some((row) => isSame(row, gpu)) && !broken.some((line) => isAbout(line, gpu)),
  );
  const ids =
    listed.length > 0
      ? unknown.map(({ pciAddress, index }) => pciAddress ?? String(index))
      : nodeNumbers(host).filter((id) => !gpus.some(({ index }) => String(index) === id));
  const answers = await Promise.all(
    ids.slice(0, mostGpus).map(async (id) => ({ id, answer: await askAbout(id) })),
  );
  const said = [...notes, ...answers.flatMap(({ answer }) => answer.notes)];
  const added = answers.flatMap(({ id, answer }): readonly NvidiaGpu[] => {
    const known = listed.find(({ pciAddress, index }) => (pciAddress ?? String(index)) === id);
    const [row] = answer.gpus;
    if (row !== undefined) return [withAddress(row, known)];
    // The tool is silent about this GPU because another is broken: then it is as the kernel lists it.
    const excused = answer.notes.some((line) => isFault(line) && gpuMentionedIn(line) !== undefined);
    return known !== undefined && excused ? [known] : [];
  });
  return withFaults(withoutTwins([...gpus, ...added]), listed, [...new Set(said)]);
}

/** Gives each fault to the GPU that it names: one of the answer, else one that the kernel lists, else a new one. */
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
    const position = all.findIndex((gpu) => isAbout(line, gpu));
    const gpu = all[position] ??
      listed.find((each) => isAbout(line, each)) ?? { ...unnamed(all), ...given(named) };
    all.splice(position < 0 ? all.length : position, 1, { ...gpu, fault: gpu.fault ?? line });
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
