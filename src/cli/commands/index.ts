import type { Command } from '../command.js';
import { detect } from './detect.js';
import { doctor } from './doctor.js';
import { report } from './report.js';

/** Every command. A new one is a file beside this one and a line here. */
export const commands = { detect, doctor, report } as const satisfies Record<string, Command>;
