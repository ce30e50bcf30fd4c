/** One MIG slice as `nvidia-smi -L` prints it below its GPU. */
export interface MigSlice {
  /** The `GPU 0:` it is cut from. */
  readonly gpuIndex: number;
  /** The `Device  0:` of that GPU. */
  readonly number: number;
  /** `1g.10gb`; `1c.3g.20gb` for a part of a slice. */
  readonly profile: string;
  readonly uuid: string;
  /** The slice's own memory; absent for a part of a slice, which shares it with the other parts. */
  readonly memoryBytes?: number;
}

/** The slices of all GPUs, or undefined when the text is no list of GPUs. */
export function parseMigSlices(text: string): readonly MigSlice[] | undefined {
  const slices: MigSlice[] = [];
  let gpuIndex: number | undefined;
  for (const line of text.split('\n')) {
    const gpu = /^GPU (\d{1,4}): /.exec(line)?.[1];
    if (gpu !== undefined) gpuIndex = Number(gpu);
    const [, profile, number, uuid] =
      /^\s+MIG (\S+)\s+Device\s+(\d{1,4}): \(UUID: (MIG-[\w/-]+)\)/.exec(line) ?? [];
    if (gpuIndex === undefined || profile === undefined || uuid === undefined) continue;
    // The profile rounds down: a `1g.10gb` has 9.6 GiB, so decimal gigabytes never promise too much.
    const gigabytes = Number(/^\d+g\.(\d{1,4})gb/.exec(profile)?.[1] ?? 0);
    const memory = gigabytes > 0 && { memoryBytes: gigabytes * 1000 ** 3 };
    slices.push({ gpuIndex, number: Number(number), profile, uuid, ...memory });
  }
  return gpuIndex === undefined ? undefined : slices;
}
