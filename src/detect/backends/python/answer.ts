import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(4096));

const pythonAnswer = v.object({
  python: v.object({ executable: text, version: text }),
  /** Of the framework. */
  version: v.optional(text),
  /** Files and folders that change when Python or a package of it does. */
  places: v.array(text),
  devices: v.array(
    v.object({
      kind: v.picklist(['cpu', 'cuda', 'rocm', 'xpu', 'mps', 'tpu', 'npu']),
      /** Among the devices of this kind that the process sees. */
      index: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
      uuid: v.optional(text),
      /** As `Device.pciAddress`. */
      pci: v.optional(text),
      /** Null: its product was right. */
      failure: v.nullable(text),
    }),
  ),
  /** Why devices of a kind do not show, where the framework tells. */
  unseen: v.record(text, text),
  /** What the framework logged about GPUs that it does not use. */
  logged: v.optional(text),
  /** Why nothing, or nothing more, was tried: the last line of Python's error. */
  failure: v.optional(text),
});

/** What a framework of Python computes. */
export type PythonAnswer = v.InferOutput<typeof pythonAnswer>;

/** A device as the framework sees it. */
export type TriedDevice = PythonAnswer['devices'][number];

/** Undefined for everything that is not the answer of our script. */
export function readPythonAnswer(json: string): PythonAnswer | undefined {
  try {
    const checked = v.safeParse(pythonAnswer, JSON.parse(json));
    return checked.success ? checked.output : undefined;
  } catch {
    return undefined;
  }
}
