import type { Command } from '../command.js';
import { detect } from './detect.js';

/** Every command. A new one is a file beside this one and a line here. */
export const commands = { detect } as const satisfies Record<string, Command>;
