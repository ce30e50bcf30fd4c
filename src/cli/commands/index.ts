import type { Command } from '../command.js';
import { detect } from './detect.js';
import { doctor } from './doctor.js';
import { explain } from './explain.js';
import { matrix } from './matrix.js';
import { merge } from './merge.js';
import { plan } from './plan.js';
import { profile } from './profile.js';
import { report } from './report.js';
import { simulate } from './simulate.js';

/** Every command. A new one is a file beside this one and a line here. */
export const commands = {
  detect,
  doctor,
  explain,
  matrix,
  merge,
  plan,
  profile,
  report,
  simulate,
} as const satisfies Record<string, Command>;
