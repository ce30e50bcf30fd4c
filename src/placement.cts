import type { Backend, DeviceClass, Precision, Vendor } from './core/vocabulary/taxonomy.js' with {
  'resolution-mode': 'import',
};

/** The device a suite was given. */
export interface PlacementDevice {
  /** Unique on its machine: `cpu`, `gpu0`, `npu0` … */
  readonly id: string;
  readonly class: DeviceClass;
  readonly vendor?: Vendor;
  readonly model?: string;
  /** VRAM of a GPU, the machine's memory budget for a CPU. Left out when unknown. */
  readonly memoryBytes?: number;
}

/**
 * Where the running test file was placed, and what it was given there. Only what the run decided: it says that the
 * suite *has* the device, not that the code under test uses it.
 */
export interface SuitePlacement {
  /** Undefined when another runner runs the file: the stock runner, an IDE, `JEST_HARDWARE=off`. */
  readonly device: PlacementDevice | undefined;
  /** All devices it was given: several for `@hardware gpu:2`, the first is `device`. Empty without a device. */
  readonly devices: readonly PlacementDevice[];
  /** What the device can be driven with: `cuda`, `webgpu`, `onnx` … Empty without a device. */
  readonly backends: readonly Backend[];
  /** The first of the file's `@precision` that the device has; undefined when the file asks for none. */
  readonly precision: Precision | undefined;
  /**
   * The largest of the file's `@batch-sizes` that fits the device, ≥ 1, or a smaller one after the device ran out of memory with
   * it; undefined when the file gives none.
   */
  readonly batchSize: number | undefined;
  /** How many threads the suite may keep busy, ≥ 1: the size for a thread pool. Undefined without a device. */
  readonly cpuThreads: number | undefined;
  /** True when the device lies outside what the file asked for (`@unsatisfiable degrade`). */
  readonly degraded: boolean;
  /** 1, or higher when an earlier attempt was lost (its process was killed, its machine went away) or ended by its device. */
  readonly attempt: number;
}

/**
 * Where this test file runs; frozen. Under another runner: no device, no backends, attempt 1.
 *
 * ```ts
 * import { placement } from 'jest-runner-hardware/placement';
 *
 * const provider = placement.device?.vendor === 'nvidia' ? 'cuda' : 'cpu';
 * const batchSize = placement.batchSize ?? 4;
 * ```
 *
 * Importing it throws when `JEST_HARDWARE_PLACEMENT`, which the runner sets, was overwritten with something else.
 */
export declare const placement: SuitePlacement;

// Written as CommonJS by hand: `require` and every loader's scan for named exports (Node's and Jest's) both
// understand this line, and `verbatimModuleSyntax` allows no `export const` in a CommonJS file.
exports.placement = readPlacement(process.env.JEST_HARDWARE_PLACEMENT);

function readPlacement(json: string | undefined): SuitePlacement {
  const elsewhere: SuitePlacement = {
    device: undefined,
    devices: [],
    backends: [],
    precision: undefined,
    batchSize: undefined,
    cpuThreads: undefined,
    degraded: false,
    attempt: 1,
  };
  // JSON has no `undefined`: what the runner left out comes back from the defaults.
  return deepFreeze(json === undefined ? elsewhere : { ...elsewhere, ...parse(json) });
}

function parse(json: string): Partial<SuitePlacement> {
  let value: unknown;
  let cause: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    cause = error;
  }
  if (typeof value === 'object' && value !== null && 'backends' in value && Array.isArray(value.backends)) {
    return value as Partial<SuitePlacement>;
  }
  throw new Error(
    [
      'JEST_HARDWARE_PLACEMENT does not hold a placement.',
      '  expected: the JSON that jest-runner-hardware sets for each suite, or no such variable',
      `  found:    ${json.length > 200 ? `${json.slice(0, 200)}…` : json}`,
      '  remedy:   remove the variable from your shell, setup files and .env',
    ].join('\n'),
    { cause },
  );
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
