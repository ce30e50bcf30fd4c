import { readdirSync, readFileSync } from 'node:fs';

/** Name of the variable that every process of a run inherits. */
export const runMarker = 'JEST_RUNNER_HARDWARE_E2E_RUN';

export interface RunningProcess {
  readonly pid: number;
  readonly command: string;
}

/** Processes alive (zombies are not) whose environment carries the marker of the run. Linux; elsewhere always empty. */
export function processesOf(run: string): readonly RunningProcess[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const environment = readFileSync(`/proc/${entry}/environ`, 'utf8').split('\0');
        if (!environment.includes(`${runMarker}=${run}`)) return [];
        const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [{ pid: Number(entry), command }];
      } catch {
        return []; // gone meanwhile, or another user's
      }
    });
}

/**
 * What is still alive `graceMs` after a run ended; returns as soon as nothing is.
 * Killed processes need a moment to disappear, so that one look is not enough.
 */
export async function leftOverProcesses(run: string, graceMs: number): Promise<readonly RunningProcess[]> {
  const deadline = Date.now() + graceMs;
  let running = processesOf(run);
  while (running.length > 0 && Date.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    running = processesOf(run);
  }
  return running;
}

export function killAll(processes: readonly RunningProcess[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // ended by itself
    }
  }
}

/** Processes that have ended, and of which this parent has not taken notice. Linux; elsewhere always none. */
export function zombiesOf(parent: number): readonly number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => {
      try {
        // After the name, which may hold anything: the state, and the parent.
        const [state, ppid] = readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return state === 'Z' && Number(ppid) === parent;
      } catch {
        return false; // gone meanwhile
      }
    });
}
