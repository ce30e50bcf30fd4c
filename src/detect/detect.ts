import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { impliedLabels } from '../core/machine/implied-labels.js';
import type { Device, Machine, MachineProblem } from '../core/machine/machine.js';
import type { DeviceClass } from '../core/vocabulary/taxonomy.js';
import type { Host } from '../host/host.js';
import { liveHost } from '../host/live.js';
import { withReadOnce } from '../host/read-once.js';
import { withToolCache } from '../host/tool-cache.js';
import { applyMachineFile } from '../machine-file/apply.js';
import type { MachineFile } from '../machine-file/read.js';
import { withReadings } from '../sensors/readings.js';
import { applyBackendFindings } from './backends/apply-findings.js';
import { withKeptSpeeds } from './calibrate/kept-speeds.js';
import { machineFactsOf } from './facts.js';
import type { BackendFinding, Probe, ProbeFindings, ProbeOptions } from './findings/probe.js';
import { type LazyProbeName, lazyProbes, lazyTrials } from './lazy-probes.js';
import { classesOfProbes, probes } from './probes.js';
import { uniteFindings } from './unite.js';

export interface DetectOptions {
  /** Default: this machine. */
  readonly host?: Host;
  /** What the user says about the machine: a file's path, or its parsed content. Its values win over detected ones. */
  readonly machineFile?: string | MachineFile;
  /** Installed packages are looked up from here. Default: the host's working directory. */
  readonly projectDir?: string;
  /** Ask every tool again instead of using kept answers. Default false. */
  readonly refresh?: boolean;
  /**
   * Where answers of slow tools are kept. Default: `node_modules/.cache/jest-runner-hardware` of the project, without
   * `node_modules` a folder of the user's own below the system's temporary directory. A recorded host keeps nothing.
   */
  readonly cacheDirectory?: string;
  /**
   * Measure how fast the CPU computes, in about 0.2 s, and WebGPU adapters that `lazy` finds and that are not emulated;
   * keep the results beside the answers of tools. Default false: what was measured earlier is told, nothing is measured.
   * The CPU of a recorded host cannot be measured.
   */
  readonly calibrate?: boolean;
  /** Read what the sensors of the devices say now, which is never kept. Default false. */
  readonly sensors?: boolean;
  /** How long one tool may take, in ms. Default 10 000: `nvidia-smi` on a machine with 8 GPUs and no daemon takes seconds. */
  readonly toolTimeoutMs?: number;
  /**
   * Classes of devices that somebody wants beside the CPU: what starts tools to find others does not run. Default: all.
   */
  readonly classes?: readonly DeviceClass[];
  /**
   * The command that starts Python: a name on PATH, or a path. Suites that use PyTorch, TensorFlow or JAX start it. Default
   * `python3`, on Windows `python`.
   */
  readonly python?: string;
  /** Probes that start browsers or load native code, which takes seconds the first time. Default none. */
  readonly lazy?: readonly LazyProbeName[];
}

/**
 * Finds out what the machine has: its devices, its real CPU and memory budget, and what is wrong with it.
 * Never rejects for anything a machine can do wrong: that becomes an entry of `problems`.
 * @throws {UsageError} for a machine file with errors.
 */
export async function detectMachine(options: DetectOptions = {}): Promise<Machine> {
  const { projectDir, machineFile, toolTimeoutMs = 10_000, refresh = false, lazy = [] } = options;
  const bareHost = options.host ?? liveHost();
  const cacheDirectory = cacheDirectoryOf(bareHost, options);
  const host = withReadOnce(
    cacheDirectory === undefined ? bareHost : withToolCache(bareHost, cacheDirectory, !refresh),
  );
  const machine = machineFactsOf(host);
  const probeOptions = {
    timeoutMs: toolTimeoutMs,
    classes: options.classes,
    projectDir: projectDir ?? host.workingDirectory,
    cacheDirectory,
    refresh,
    python: options.python,
    calibrate: options.calibrate === true,
  };
  const findings = await Promise.all(
    [...probesFor(options.classes), ...lazy.flatMap(lazyProbe)].map(([name, probe]) =>
      outcomeOf(name, probe, host, probeOptions),
    ),
  );
  const united = uniteFindings(findings);
  const found = applyBackendFindings(united.devices, backendFindingsOf(findings));
  const trials = await Promise.all(
    lazy
      .flatMap((name) => lazyTrial(name, found))
      .map(([name, trial]) =>
        outcomeOf(name, trial, host, { ...probeOptions, timeoutMs: trialPatience * toolTimeoutMs }),
      ),
  );
  const devices = applyBackendFindings(found, backendFindingsOf(trials));
  const problems = [...united.problems, ...trials.flatMap((trial) => trial.problems)];
  const detected: Machine = {
    version: 1,
    machine,
    devices: devices.some((device) => device.id === 'cpu') ? devices : [bareCpu, ...devices],
    problems,
  };
  const known =
    options.host === undefined && cacheDirectory !== undefined
      ? await calibrated(detected, cacheDirectory, options.calibrate === true, refresh)
      : detected;
  const final = machineFile === undefined ? known : await declaredBy(machineFile, known, host, options);
  return options.sensors === true ? withReadings(final, bareHost) : final;
}

async function calibrated(
  machine: Machine,
  directory: string,
  measure: boolean,
  refresh: boolean,
): Promise<Machine> {
  const kept = refresh ? undefined : withKeptSpeeds(machine, directory);
  if (kept !== undefined || !measure) return kept ?? machine;
  return (await import('./calibrate/calibrate.js')).withCalibration(machine, directory);
}

function probesFor(classes: DetectOptions['classes']): readonly [string, Probe][] {
  const found: Readonly<Record<string, readonly DeviceClass[]>> = classesOfProbes;
  return Object.entries(probes).filter(
    ([name]) => classes === undefined || (found[name]?.some((each) => classes.includes(each)) ?? true),
  );
}

async function declaredBy(
  given: string | MachineFile,
  detected: Machine,
  host: Host,
  { classes }: DetectOptions,
): Promise<Machine> {
  // Loaded here only: the validator costs more than the whole detection.
  const { readMachineFile } = await import('../machine-file/read.js');
  const file = typeof given === 'string' ? readMachineFile(given) : given;
  if (classes === undefined) return applyMachineFile(detected, file, host);
  // What is said of a device that was not looked for is about nothing.
  const devices = file.devices?.filter(
    (entry) => entry.class !== undefined || detected.devices.some(({ id }) => id === entry.id),
  );
  return applyMachineFile(detected, { ...file, ...(devices && { devices }) }, host);
}

/** The probe is loaded when it runs: its time is its own. */
function lazyProbe(name: LazyProbeName): [string, Probe][] {
  if (!(name in lazyProbes)) return [];
  const { load } = lazyProbes[name as keyof typeof lazyProbes];
  return [[name, async (host, options) => (await load())(host, options)]];
}

/**
 * Factor of the tools' time limit for a trial: frameworks take many seconds to import, and longer the first time. Not tuned: no
 * measurement is recorded.
 */
const trialPatience = 6;

function lazyTrial(name: LazyProbeName, devices: readonly Device[]): [string, Probe][] {
  if (!(name in lazyTrials)) return [];
  const { load } = lazyTrials[name as keyof typeof lazyTrials];
  return [
    [name, async (host, options) => ({ devices: [], ...(await (await load())(host, devices, options)) })],
  ];
}

function backendFindingsOf(findings: readonly ProbeFindings[]): readonly BackendFinding[] {
  return findings.flatMap(({ backendFindings = [] }) => backendFindings);
}

function cacheDirectoryOf(
  host: Host,
  { host: given, cacheDirectory, projectDir }: DetectOptions,
): string | undefined {
  return cacheDirectory ?? (given === undefined ? defaultCacheDirectory(host, projectDir) : undefined);
}

function defaultCacheDirectory(host: Host, projectDir: string | undefined): string {
  const modules = join(resolve(projectDir ?? host.workingDirectory), 'node_modules');
  return host.exists(modules)
    ? join(modules, '.cache', 'jest-runner-hardware')
    : join(tmpdir(), `jest-runner-hardware-${process.getuid?.() ?? 'cache'}`);
}

/** A probe's findings; what it throws and what it does not finish in time becomes a problem. */
async function outcomeOf(
  name: string,
  probe: Probe,
  host: Host,
  options: Omit<ProbeOptions, 'signal'>,
): Promise<ProbeFindings> {
  const controller = new AbortController();
  // A probe may run two tools one after another, so it gets twice the limit. The extra second (not tuned) lets it end by itself.
  const limitMs = 2 * options.timeoutMs + 1000;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(new Error(`not finished after ${limitMs / 1000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([probe(host, { ...options, signal: controller.signal }), late]);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { devices: [], problems: [problemOf(name, reason)] };
  } finally {
    clearTimeout(timer);
  }
}

function problemOf(probe: string, reason: string): MachineProblem {
  return {
    message: `the ${probe} probe failed: ${reason}`,
    remedy: 'declare the devices in a machine file; this is a bug in jest-runner-hardware',
  };
}

/** Jest runs on some CPU, whatever the probe made of it. */
const bareCpu: Device = {
  id: 'cpu',
  class: 'cpu',
  usable: true,
  software: false,
  backends: [],
  ...impliedLabels({ class: 'cpu' }),
};
