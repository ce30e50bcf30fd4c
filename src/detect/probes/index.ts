import type { Probe } from '../probe.js';
import { cpu } from './cpu.js';
import { macos } from './macos.js';
import { nvidia } from './nvidia.js';
import { windows } from './windows.js';
import { wsl } from './wsl.js';

/** Every probe. A new one is a file beside this one and a line here. */
export const probes = { cpu, nvidia, macos, windows, wsl } as const satisfies Record<string, Probe>;
