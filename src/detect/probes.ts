import type { DeviceClass } from '../core/vocabulary/taxonomy.js';
import { coralUsb } from './accelerators/coral-usb.js';
import { dsp } from './accelerators/dsp.js';
import { fpga } from './accelerators/fpga.js';
import { accelerator } from './accelerators/probe.js';
import { tpu } from './accelerators/tpu.js';
import { amd } from './amd/probe.js';
import { macos } from './apple/probe.js';
import { cpu } from './cpu/probe.js';
import type { Probe } from './findings/probe.js';
import { intel } from './intel/probe.js';
import { nvidia } from './nvidia/probe.js';
import { pciDisplay } from './other-gpus/pci-display.js';
import { platformGpu } from './other-gpus/platform-gpu.js';
import { windows } from './windows/probe.js';
import { wsl } from './windows/wsl.js';

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
