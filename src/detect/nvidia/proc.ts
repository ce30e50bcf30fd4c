/** One GPU as `/proc/driver/nvidia/gpus/<address>/information` describes it. */
export interface NvidiaProcGpu {
  readonly model: string;
  readonly uuid?: string;
  /** The number in `/dev/nvidia<n>`. */
  readonly minor?: number;
}

export function parseNvidiaInformation(text: string): NvidiaProcGpu | undefined {
  const value = (key: string) => new RegExp(`^${key}:[ \\t]*(\\S.*?)\\s*$`, 'm').exec(text)?.[1];
  const model = value('Model');
  if (model === undefined) return undefined;
  const uuid = value('GPU UUID');
  const minor = value('Device Minor');
  return {
    model,
    // A driver that has not yet talked to the GPU prints question marks.
    ...(uuid !== undefined && /^GPU-[0-9a-f-]+$/i.test(uuid) && { uuid }),
    ...(minor !== undefined && /^\d+$/.test(minor) && { minor: Number(minor) }),
  };
}
