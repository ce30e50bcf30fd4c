import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Start } from '../execute/executor.js';

/** What faults need of a run. */
export interface Reach {
  /** False: the attempt runs in this process or a thread of it, which nothing may kill or stop. */
  hasProcess(start: Start): boolean;
  /** Whether it is another machine, whose connection can be cut. */
  canCut(machine: string): boolean;
  cut(machine: string): void;
  revoke(machine: string, deviceId: string): void;
}

/** A fault that strikes an attempt of a suite as it starts. */
interface SuiteFault {
  isPossible(start: Start, reach: Reach): boolean;
  /** Does the harm. @returns The start as it goes on. @param signal Aborted when nobody wants the attempt any more. */
  strike(start: Start, reach: Reach, signal: AbortSignal): Start | Promise<Start>;
  /** It takes away what does not come back, so it strikes once a run. */
  readonly isFinal?: true;
}

export const suiteFaults = {
  kill: {
    isPossible: (start, { hasProcess }) => hasProcess(start),
    strike: (start) => ({ ...start, fault: 'kill' }),
  },
  hang: {
    isPossible: (start, { hasProcess }) => hasProcess(start) && start.machine.machine.platform !== 'win32',
    strike: (start) => ({ ...start, fault: 'hang' }),
  },
  slow: {
    isPossible: () => true,
    async strike(start, _reach, signal) {
      await Promise.race([delay(slowMs), once(signal, 'abort')]);
      return start;
    },
  },
  'full-disk': {
    isPossible: (start, { hasProcess }) => hasProcess(start),
    strike: (start) => ({ ...start, fault: 'full-disk' }),
  },
  'lose-machine': {
    isFinal: true,
    isPossible: ({ machine: { machine } }, { canCut }) => canCut(machine.name),
    strike(start, { cut }) {
      cut(start.machine.machine.name);
      return start;
    },
  },
  'revoke-device': {
    isFinal: true,
    isPossible: ({ devices: [device] }) => device.class !== 'cpu',
    strike(start, { revoke }) {
      revoke(start.machine.machine.name, start.devices[0].id);
      return start;
    },
  },
} as const satisfies Readonly<Record<string, SuiteFault>>;

export type SuiteFaultName = keyof typeof suiteFaults;

/** How long the start of a suite is delayed. */
const slowMs = 1000;
