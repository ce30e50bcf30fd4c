import type { Machine } from '../core/machine.js';
import type { DeviceClass } from '../core/taxonomy.js';
import type { Host } from './host.js';

/** Temperatures of a machine's devices, where they can be read. */
export interface HeatSensors {
  /** Devices that have one, and what reads it, for a person. */
  readonly sources: ReadonlyMap<string, string>;
  /** °C by device; a device whose sensor cannot be read just now is left out. Never rejects. The signal ends tools. */
  read(signal?: AbortSignal): Promise<ReadonlyMap<string, number>>;
}

const cpuSensors: ReadonlySet<string> = new Set(['coretemp', 'k10temp', 'zenpower', 'cpu_thermal']);
const toolTimeoutMs = 4000;

/**
 * CPU: the hottest of its kernel's sensors (Linux). NVIDIA GPUs: `nvidia-smi`, started once for all of them.
 * @param classes Devices of other classes are not looked at.
 */
export function heatSensorsOf(host: Host, machine: Machine, classes: ReadonlySet<DeviceClass>): HeatSensors {
  const cpu = machine.devices.find((device) => device.class === 'cpu' && device.usable);
  const files = cpu && classes.has('cpu') && host.platform === 'linux' ? cpuFiles(host) : [];
  const gpus = classes.has('gpu') ? gpusByUuid(machine) : new Map<string, string>();
  return {
    sources: new Map([
      ...(cpu && files.length > 0 ? [[cpu.id, 'kernel sensor'] as const] : []),
      ...[...gpus.values()].map((id) => [id, 'nvidia-smi'] as const),
    ]),
    read: async (signal) => {
      const found = new Map<string, number>();
      const celsius = files
        .map((file) => Number(host.readFile(file)?.trim() || Number.NaN) / 1000)
        .filter((each) => Number.isFinite(each) && each > 0);
      if (cpu && celsius.length > 0) found.set(cpu.id, Math.max(...celsius));
      if (gpus.size === 0) return found;
      const query = ['--query-gpu=uuid,temperature.gpu', '--format=csv,noheader,nounits'];
      const { status, stdout } = await host.run('nvidia-smi', query, {
        timeoutMs: toolTimeoutMs,
        ...(signal && { signal }),
      });
      for (const line of status === 'ok' ? stdout.split('\n') : []) {
        const [uuid = '', text = ''] = line.split(',').map((part) => part.trim());
        const id = gpus.get(uuid);
        if (id !== undefined && /^\d+$/.test(text)) found.set(id, Number(text));
      }
      return found;
    },
  };
}

function cpuFiles(host: Host): readonly string[] {
  return host.readDirectory('/sys/class/hwmon').flatMap((entry) => {
    const directory = `/sys/class/hwmon/${entry}`;
    if (!cpuSensors.has(host.readFile(`${directory}/name`)?.trim() ?? '')) return [];
    return host
      .readDirectory(directory)
      .filter((name) => /^temp\d+_input$/.test(name))
      .map((name) => `${directory}/${name}`);
  });
}

/** Slices share the heat of their GPU, whose UUID they do not tell. */
function gpusByUuid({ devices }: Machine): Map<string, string> {
  return new Map(
    devices.flatMap(({ id, usable, bindingEnv }) => {
      const uuid = bindingEnv?.['CUDA_VISIBLE_DEVICES'] ?? '';
      return usable && uuid.startsWith('GPU-') ? [[uuid, id] as const] : [];
    }),
  );
}
