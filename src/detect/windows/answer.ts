import type { Host, RunOutcome } from '../../host/host.js';
import type { ProbeOptions } from '../findings/probe.js';
import { listDevicesScript, parseWindowsDevices } from './devices.js';

/** What PowerShell says of the machine. The probes of a detection share one host, and so one call. */
export function windowsAnswerOf(host: Host, { timeoutMs, signal }: ProbeOptions): Promise<RunOutcome> {
  const asked = answers.get(host) ?? listByPowerShell(host, timeoutMs, signal);
  answers.set(host, asked);
  return asked;
}

const answers = new WeakMap<Host, Promise<RunOutcome>>();

function listByPowerShell(host: Host, timeoutMs: number, signal: AbortSignal): Promise<RunOutcome> {
  const isAnswer = (stdout: string) => parseWindowsDevices(stdout) !== undefined;
  const args = ['-NoProfile', '-NonInteractive', '-Command', listDevicesScript];
  return host.run('powershell', args, { timeoutMs, signal, isAnswer });
}
