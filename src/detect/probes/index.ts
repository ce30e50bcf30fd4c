import type { Probe } from '../probe.js';
import { cpu } from './cpu.js';
import { macos } from './macos.js';
import { nvidia } from './nvidia.js';

/** Every probe. A new one is a file beside this one and a line here. */
export const probes = { cpu, nvidia, macos } as const satisfies Record<string, Probe>;
