import type { Device } from '../core/machine.js';
import type { Host } from './host.js';

/** How the driver names a device: its position among the driver's devices, and its UUID where it has one. */
export interface DeviceAddress {
  readonly index: number;
  readonly uuid?: string | undefined;
  /** For a slice: the device it is cut from, which has this index; a mask that shows that one shows the slice. */
  readonly parentUuid?: string | undefined;
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
  outer: Pick<Host, 'env' | 'platform'>,
): Binding {
  if (device.class === 'tpu' && device.vendor === 'google') {
    return bindByEntry('TPU_VISIBLE_CHIPS', address, outer.env);
  }
  if (device.class === 'asic' && device.vendor === 'intel') {
    return bindByEntry('HABANA_VISIBLE_MODULES', address, outer.env);
  }
  if (device.class !== 'gpu') return {};
  if (device.vendor === 'nvidia') return bindByUuid('CUDA_VISIBLE_DEVICES', address, outer.env);
  if (device.vendor === 'intel') return bindByEntry('ZE_AFFINITY_MASK', address, outer.env);
  if (device.vendor === 'amd') return bindAmd(address, outer);
  return {};
}

/** The UUID names the device whatever is set outside and however the driver sorts. */
function bindByUuid(variable: string, address: DeviceAddress, env: Host['env']): Binding {
  const { bindingEnv, hiddenBy } = bindByEntry(variable, address, env);
  if (hiddenBy !== undefined) return { hiddenBy };
  return { bindingEnv: { ...bindingEnv, ...(address.uuid && { [variable]: address.uuid }) } };
}

function bindByEntry(variable: string, address: DeviceAddress, env: Host['env']): Binding {
  const mask = env[variable];
  if (mask === undefined) return { bindingEnv: { [variable]: String(address.index) } };
  const entries = visibleEntries(mask).filter((entry) => names(entry, address));
  return entries.length === 0
    ? { hiddenBy: `${variable}=${mask}` }
    : { bindingEnv: { [variable]: entries.join(',') } };
}

/**
 * ROCR_VISIBLE_DEVICES cuts first (Linux only), HIP_VISIBLE_DEVICES counts within what is left: after a cut to one
 * device that one is 0. Where the user masks by HIP, ROCR stays as it is, so that the user's numbers keep their meaning.
 */
function bindAmd(address: DeviceAddress, { env, platform }: Pick<Host, 'env' | 'platform'>): Binding {
  if (platform === 'win32') return bindByEntry('HIP_VISIBLE_DEVICES', address, env);
  const byRocr = bindByEntry('ROCR_VISIBLE_DEVICES', address, env);
  if (byRocr.hiddenBy !== undefined) return byRocr;
  if (env.HIP_VISIBLE_DEVICES === undefined) {
    return { bindingEnv: { ...byRocr.bindingEnv, HIP_VISIBLE_DEVICES: '0' } };
  }
  const rocr = env.ROCR_VISIBLE_DEVICES;
  const position = visibleEntries(rocr ?? '').findIndex((entry) => names(entry, address));
  return bindByEntry('HIP_VISIBLE_DEVICES', rocr === undefined ? address : { index: position }, env);
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
