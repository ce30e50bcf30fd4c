import type { Device } from './machine.js';

/** How the driver names a device: its position among the driver's devices, and its UUID where it has one. */
export interface DeviceAddress {
  readonly index: number;
  readonly uuid?: string | undefined;
  /** For a slice: the UUID of the device it is cut from. A mask that shows that device shows the slice too. */
  readonly parentUuid?: string | undefined;
  /** For an accelerator whose mask counts cores instead of devices: cores of each device. */
  readonly cores?: number | undefined;
}

/** What decides which devices a process sees before we restrict it. */
export interface OuterEnvironment {
  /** Environment variables that are already set outside. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** As `process.platform` names it. */
  readonly platform: string;
}

export interface Binding {
  /** Lets a child process see this device alone; left out when no such variable exists or a mask hides the device. */
  readonly bindingEnv?: Readonly<Record<string, string>>;
  /** The mask set outside that hides the device: `CUDA_VISIBLE_DEVICES=1`. */
  readonly hiddenBy?: string;
}

/**
 * Environment that binds a process to one device, within the masks that are already set outside.
 * One function for detected and declared devices; a class or vendor without such a variable has no binding.
 */
export function bindingEnvOf(
  device: Pick<Device, 'class' | 'vendor'>,
  address: DeviceAddress,
  outer: OuterEnvironment,
): Binding {
  if (device.class === 'tpu' && device.vendor === 'google') {
    return bindWithin(
      'TPU_VISIBLE_DEVICES',
      bindByEntry('TPU_VISIBLE_CHIPS', address, outer.env),
      address,
      outer.env,
    );
  }
  if (device.class === 'asic' && device.vendor === 'amazon') return bindNeuron(address, outer.env);
  if (device.class === 'asic' && device.vendor === 'intel') {
    return bindByEntry('HABANA_VISIBLE_MODULES', address, outer.env);
  }
  if (device.class !== 'gpu') return {};
  if (device.vendor === 'nvidia') return bindByUuid('CUDA_VISIBLE_DEVICES', address, outer.env);
  if (device.vendor === 'intel') return bindIntel(address, outer.env);
  if (device.vendor === 'amd') return bindAmd(address, outer);
  return {};
}

/** Binds by UUID, which names the device whatever is masked outside and in whatever order the driver counts. */
function bindByUuid(variable: string, address: DeviceAddress, env: OuterEnvironment['env']): Binding {
  const { bindingEnv, hiddenBy } = bindByEntry(variable, address, env);
  if (hiddenBy !== undefined) return { hiddenBy };
  return { bindingEnv: { ...bindingEnv, ...(address.uuid && { [variable]: address.uuid }) } };
}

function bindByEntry(variable: string, address: DeviceAddress, env: OuterEnvironment['env']): Binding {
  const mask = env[variable];
  if (mask === undefined) return { bindingEnv: { [variable]: String(address.index) } };
  const entries = visibleEntries(mask).filter((entry) => names(entry, address));
  return entries.length === 0
    ? { hiddenBy: `${variable}=${mask}` }
    : { bindingEnv: { [variable]: entries.join(',') } };
}

/** The binding, unless a second mask is set outside and hides the device. */
function bindWithin(
  variable: string,
  bound: Binding,
  address: DeviceAddress,
  env: OuterEnvironment['env'],
): Binding {
  if (env[variable] === undefined) return bound;
  const { hiddenBy } = bindByEntry(variable, address, env);
  return hiddenBy === undefined ? bound : { hiddenBy };
}

/**
 * AMD's masks apply one after another. ROCR_VISIBLE_DEVICES comes first (Linux only). GPU_DEVICE_ORDINAL (OpenCL and HIP) and
 * HIP_VISIBLE_DEVICES count the devices that it leaves: when it leaves one, that one is 0. HIP reads CUDA_VISIBLE_DEVICES where
 * HIP_VISIBLE_DEVICES is not set, so a device is bound by the latter within the former. Where the user has set one of HIP's
 * masks, ROCR_VISIBLE_DEVICES is not changed, so that the numbers in the user's mask keep their meaning.
 * Source: ROCm documentation, GPU isolation; CLR, `Device::init`.
 */
function bindAmd(address: DeviceAddress, { env, platform }: OuterEnvironment): Binding {
  const hip = env.HIP_VISIBLE_DEVICES || env.CUDA_VISIBLE_DEVICES === undefined;
  const hipMask = hip ? 'HIP_VISIBLE_DEVICES' : 'CUDA_VISIBLE_DEVICES';
  const onWindows = platform === 'win32';
  const rocr = onWindows ? undefined : env.ROCR_VISIBLE_DEVICES;
  const byRocr: Binding = onWindows ? {} : bindByEntry('ROCR_VISIBLE_DEVICES', address, env);
  if (byRocr.hiddenBy !== undefined) return byRocr;
  const position =
    rocr === undefined
      ? address
      : {
          ...address,
          index: visibleEntries(rocr).findIndex((entry) => names(entry, address)),
        };
  const byOrdinal = bindWithin('GPU_DEVICE_ORDINAL', {}, position, env);
  if (byOrdinal.hiddenBy !== undefined) return byOrdinal;
  if (onWindows || env[hipMask] !== undefined) {
    const { hiddenBy, bindingEnv } = bindByEntry(hipMask, position, env);
    if (hiddenBy !== undefined) return { hiddenBy };
    return { bindingEnv: { HIP_VISIBLE_DEVICES: bindingEnv?.[hipMask] ?? String(position.index) } };
  }
  const first = { ...byRocr.bindingEnv, HIP_VISIBLE_DEVICES: '0' };
  return { bindingEnv: env.GPU_DEVICE_ORDINAL === undefined ? first : { ...first, GPU_DEVICE_ORDINAL: '0' } };
}

/**
 * ZE_AFFINITY_MASK comes first (Level Zero). ONEAPI_DEVICE_SELECTOR and the older SYCL_DEVICE_FILTER choose among the devices that
 * it leaves. A selector of the user that has numbers would mean other devices then, so it is replaced by one without numbers.
 */
function bindIntel(address: DeviceAddress, env: OuterEnvironment['env']): Binding {
  const bound = bindByEntry('ZE_AFFINITY_MASK', address, env);
  if (bound.hiddenBy !== undefined) return bound;
  const mask = env.ZE_AFFINITY_MASK;
  const position =
    mask === undefined ? address.index : visibleEntries(mask).findIndex((entry) => names(entry, address));
  for (const variable of ['ONEAPI_DEVICE_SELECTOR', 'SYCL_DEVICE_FILTER']) {
    const selector = env[variable];
    if (selector !== undefined && !selectsGpu(selector, position))
      return { hiddenBy: `${variable}=${selector}` };
  }
  const counts = /:[^;]*\d/.test(env.ONEAPI_DEVICE_SELECTOR ?? '');
  return counts ? { bindingEnv: { ...bound.bindingEnv, ONEAPI_DEVICE_SELECTOR: '*:gpu' } } : bound;
}

/**
 * Whether a selector leaves this GPU in any backend: `level_zero:0,1;opencl:gpu`, `!opencl:*`, or in the older form
 * `level_zero:gpu:0,opencl`. How OpenCL counts its devices is not known here, so that its numbers match every GPU.
 */
function selectsGpu(selector: string, index: number): boolean {
  const terms = selector
    .toLowerCase()
    .split(/[;]/)
    .map((term) => term.trim())
    .filter((term) => term !== '');
  const accepts = terms.filter((term) => !term.startsWith('!'));
  const isOfGpus = (backend: string) => ['*', 'level_zero', 'opencl', 'gpu', 'l0'].includes(backend);
  const matches = (term: string) => {
    const [backend = '', ...rest] = term.split(':');
    if (!isOfGpus(backend)) return false;
    const devices = rest.flatMap((part) => part.split(','));
    if (devices.length === 0) return true;
    const numbers = devices
      .filter((device) => /^\d/.test(device))
      .map((device) => Number.parseInt(device, 10));
    if (numbers.length > 0 && !devices.includes('gpu')) {
      return backend === 'opencl' || numbers.includes(index) || devices.includes('*');
    }
    if (numbers.length > 0 && rest.length > 1) return backend === 'opencl' || numbers.includes(index);
    return devices.some((device) => ['*', 'gpu', 'level_zero', 'opencl'].includes(device));
  };
  const isHidden = terms.some((term) => term.startsWith('!*:') && matches(term.slice(1)));
  return !isHidden && (accepts.length === 0 || accepts.some(matches));
}

/** Neuron's mask counts cores over all devices: `0-3`, `0,2`. */
function bindNeuron({ index, cores }: DeviceAddress, env: OuterEnvironment['env']): Binding {
  if (cores === undefined) return {};
  const own = Array.from({ length: cores }, (_, core) => index * cores + core);
  const mask = env.NEURON_RT_VISIBLE_CORES;
  if (mask === undefined) return { bindingEnv: { NEURON_RT_VISIBLE_CORES: own.join(',') } };
  const shown = mask.split(',').flatMap((entry): readonly number[] => {
    const [, first, last] = /^\s*(\d{1,4})(?:-(\d{1,4}))?\s*$/.exec(entry) ?? [];
    if (first === undefined) return [];
    const length = Math.max(0, Number(last ?? first) - Number(first) + 1);
    return Array.from({ length }, (_, offset) => Number(first) + offset);
  });
  const visible = own.filter((core) => shown.includes(core));
  return visible.length === 0
    ? { hiddenBy: `NEURON_RT_VISIBLE_CORES=${mask}` }
    : { bindingEnv: { NEURON_RT_VISIBLE_CORES: visible.join(',') } };
}

/** Entries up to the first invalid one, as the drivers read them: `0,-1,1` shows device 0 alone. */
function visibleEntries(mask: string): readonly string[] {
  const entries = mask.split(',').map((entry) => entry.trim());
  const end = entries.findIndex((entry) => !/^\d+(\.\d+)?$|^(GPU|MIG)-/i.test(entry));
  return end < 0 ? entries : entries.slice(0, end);
}

/** `1`, the tile `1.0`, a UUID or its unique beginning, or a slice `MIG-GPU-<uuid>/…` of the device. */
function names(entry: string, { index, uuid, parentUuid }: DeviceAddress): boolean {
  if (/^\d/.test(entry)) return Number.parseInt(entry, 10) === index;
  if (uuid === undefined) return false;
  if (parentUuid !== undefined) {
    return [uuid, parentUuid].some((name) => name.toLowerCase().startsWith(entry.toLowerCase()));
  }
  const parent = entry.replace(/^MIG-(?=GPU-)/i, '').split('/', 1)[0] ?? '';
  return uuid.toLowerCase().startsWith(parent.toLowerCase());
}
