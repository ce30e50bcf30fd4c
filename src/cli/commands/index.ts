import type { Command } from '../command.js';
import { adviseCommand } from './advise.js';
import { detectCommand } from './detect.js';
import { devicesCommand } from './devices.js';
import { doctorCommand } from './doctor.js';
import { explainCommand } from './explain.js';
import { fleetCommand } from './fleet.js';
import { initCommand } from './init.js';
import { machinesCommand } from './machines.js';
import { matrixCommand } from './matrix.js';
import { mergeCommand } from './merge.js';
import { planCommand } from './plan.js';
import { profileCommand } from './profile.js';
import { reportCommand } from './report.js';
import { simulateCommand } from './simulate.js';
import { workerCommand } from './worker.js';

/** Every command. A new one is a file beside this one and a line here. */
export const commands = {
  advise: adviseCommand,
  detect: detectCommand,
  devices: devicesCommand,
  doctor: doctorCommand,
  explain: explainCommand,
  fleet: fleetCommand,
  init: initCommand,
  machines: machinesCommand,
  matrix: matrixCommand,
  merge: mergeCommand,
  plan: planCommand,
  profile: profileCommand,
  report: reportCommand,
  simulate: simulateCommand,
  worker: workerCommand,
} as const satisfies Record<string, Command>;
