import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { packageFiles } from '../package-files.js';
import type { WorkerProgram } from '../transport/ssh/ssh-transport.js';
import { protocolVersion } from './protocol.js';

/** The program for other machines, as this package has it. */
export function workerProgram(): WorkerProgram {
  const packed = readFileSync(packageFiles.workerProgram);
  return {
    packed,
    protocol: protocolVersion,
    hash: createHash('sha256').update(packed).digest('hex').slice(0, 16),
  };
}
