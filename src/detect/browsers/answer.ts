import * as v from 'valibot';

const text = v.pipe(v.string(), v.maxLength(1000));
const failed = { status: v.picklist(['absent', 'timeout', 'error']), reason: v.optional(text, '') };

const gflops = v.pipe(v.number(), v.finite(), v.gtValue(0));

const webGpuAnswer = v.variant('status', [
  v.object({
    status: v.literal('ok'),
    adapter: v.object({
      vendor: text,
      architecture: text,
      device: text,
      description: text,
      isFallbackAdapter: v.boolean(),
    }),
    features: v.array(text),
    limits: v.record(text, v.nullable(v.number())),
    /** Precisions in which a shader gave the right numbers. */
    computed: v.array(v.picklist(['fp32', 'fp16'])),
    /** Measured where that was asked for and the adapter is no emulation. */
    gflops: v.optional(v.object({ fp32: v.optional(gflops), fp16: v.optional(gflops) })),
  }),
  v.object(failed),
]);

/** Of one thing that was tried. */
const trial = v.variant('status', [v.object({ status: v.literal('ok') }), v.object(failed)]);

const pageAnswer = v.object({
  userAgent: v.string(),
  webgpu: webGpuAnswer,
  webnn: v.object({ cpu: trial, gpu: trial, npu: trial }),
  /** Whether a triangle that WebGPU drew on a canvas came back; left out where WebGPU does not compute. */
  canvas: v.optional(trial),
});

/** What a page found out in one browser. */
export type PageAnswer = v.InferOutput<typeof pageAnswer>;

/** What one `navigator.gpu`, of a browser or of Node's `webgpu` package, really does. */
export type WebGpuAnswer = v.InferOutput<typeof webGpuAnswer>;

/** Whether a kept answer tells all that is asked for now. */
export function isEnough(answer: WebGpuAnswer, calibrate: boolean): boolean {
  return !calibrate || answer.status !== 'ok' || answer.gflops !== undefined;
}

/** Whether something did not end in time: then the answer says nothing about that, and is not kept. */
export function wasLate({ webgpu, webnn, canvas }: PageAnswer): boolean {
  return [webgpu, ...Object.values(webnn), canvas].some((trial) => trial?.status === 'timeout');
}

/** Undefined for everything that is not the answer of our page. */
export function readPageAnswer(json: string): PageAnswer | undefined {
  return read(pageAnswer, json);
}

export function readWebGpuAnswer(json: string): WebGpuAnswer | undefined {
  return read(webGpuAnswer, json);
}

function read<T extends v.GenericSchema>(schema: T, json: string): v.InferOutput<T> | undefined {
  try {
    const checked = v.safeParse(schema, JSON.parse(json));
    return checked.success ? checked.output : undefined;
  } catch {
    return undefined;
  }
}
