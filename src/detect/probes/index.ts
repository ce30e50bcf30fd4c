import type { DeviceClass } from '../../core/vocabulary/taxonomy.js';
import type { Probe } from '../probe.js';
import { accelerator } from './accelerator.js';
import { amd } from './amd.js';
import { coralUsb } from './coral-usb.js';
import { cpu } from './cpu.js';
import { dsp } from './dsp.js';
import { fpga } from './fpga.js';
import { intel } from './intel.js';
import { macos } from './macos.js';
import { nvidia } from './nvidia.js';
import { pciDisplay } from './pci-display.js';
import { platformGpu } from './platform-gpu.js';
import { tpu } from './tpu.js';
import { windows } from './windows.js';
import { wsl } from './wsl.js';

/** Every probe. A new one is a file beside this one and a line here. The one for GPUs that nobody else knows is last. */
export const probes = {
  cpu,
  nvidia,
  macos,
  windows,
  wsl,
  amd,
  intel,
  accelerator,
  tpu,
  coralUsb,
  fpga,
  dsp,
  platformGpu,
  pciDisplay,
} as const satisfies Record<string, Probe>;

/**
 * What probes that start tools find, and those that only know what these leave: where nobody wants such a device, they do
 * not run. All others read files only.
 */
export const classesOfProbes: Partial<Record<keyof typeof probes, readonly DeviceClass[]>> = {
  nvidia: ['gpu'],
  macos: ['gpu', 'npu'],
  windows: ['gpu', 'npu'],
  wsl: ['gpu'],
  amd: ['gpu'],
  intel: ['gpu'],
  pciDisplay: ['gpu'],
};
