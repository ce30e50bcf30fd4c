import type { Device, Machine } from '../core/machine/machine.js';

/** Read by native thread pools when their library is loaded. */
const threadCountVariables = [
  'OMP_NUM_THREADS',
  'OPENBLAS_NUM_THREADS',
  'MKL_NUM_THREADS',
  'NUMEXPR_NUM_THREADS',
  'VECLIB_MAXIMUM_THREADS',
  'RAYON_NUM_THREADS',
] as const;

/** Value of a mask variable that hides all devices; every vendor accepts it. */
const noDevice = '-1';

/**
 * The environment that binds a process to these devices and hides the machine's other devices.
 * @param maskOthers False for a suite that asks for no hardware: it sees all devices, as under stock Jest.
 * @param outerEnv A smaller thread count that is already set there stays.
 */
export function bindingEnv(
  machine: Machine,
  deviceIds: readonly string[],
  poolThreads: number,
  maskOthers: boolean,
  outerEnv: NodeJS.ProcessEnv,
): Record<string, string> {
  const env: Record<string, string> = {};
  for (const variable of threadCountVariables) {
    const outer = Number.parseInt(outerEnv[variable] ?? '', 10);
    env[variable] = String(outer > 0 ? Math.min(outer, poolThreads) : poolThreads);
  }
  const bound = machine.devices.filter((device) => deviceIds.includes(device.id));
  if (maskOthers) {
    for (const variable of machine.devices.flatMap(maskVariables)) env[variable] = noDevice;
  }
  for (const variable of new Set(bound.flatMap(maskVariables))) {
    env[variable] = bound.flatMap((device) => device.bindingEnv?.[variable] ?? []).join(',');
  }
  if (bound.length > 1) Object.assign(env, recounted(env));
  return { ...env, ...tpuTopology(env.TPU_VISIBLE_CHIPS) };
}

/**
 * Several devices at once: HIP's variables count within ROCR_VISIBLE_DEVICES, so that joined zeros must become 0, 1, …; a
 * selector of oneAPI that is the same for each is said once.
 */
function recounted(env: Readonly<Record<string, string>>): Record<string, string> {
  const changed: Record<string, string> = {};
  for (const variable of ['HIP_VISIBLE_DEVICES', 'GPU_DEVICE_ORDINAL']) {
    const entries = env[variable]?.split(',') ?? [];
    if (entries.length > 1 && entries.every((entry) => entry === '0')) {
      changed[variable] = entries.map((_, position) => position).join(',');
    }
  }
  const selector = env.ONEAPI_DEVICE_SELECTOR;
  if (selector?.includes(',')) changed.ONEAPI_DEVICE_SELECTOR = [...new Set(selector.split(','))].join(';');
  return changed;
}

/**
 * Google's library also wants to know how the visible chips lie, that this process is the only one that uses them, and a
 * port of its own: without, the second process of a machine finds it in use. Source: JAX's and PyTorch/XLA's launchers.
 */
function tpuTopology(chips: string | undefined): Record<string, string> {
  const ids = chips === undefined || chips === noDevice ? [] : chips.split(',');
  const bounds = { 1: '1,1,1', 2: '1,2,1', 4: '2,2,1', 8: '2,4,1' }[ids.length];
  if (bounds === undefined) return {};
  const port = 8476 + Number.parseInt(ids[0] ?? '0', 10);
  return {
    TPU_CHIPS_PER_PROCESS_BOUNDS: bounds,
    TPU_PROCESS_BOUNDS: '1,1,1',
    TPU_PROCESS_ADDRESSES: `localhost:${port}`,
    TPU_PROCESS_PORT: String(port),
    CLOUD_TPU_TASK_ID: '0',
  };
}

function maskVariables(device: Device): string[] {
  return Object.keys(device.bindingEnv ?? {});
}
