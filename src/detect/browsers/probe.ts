import type { MachineProblem } from '../../core/machine/machine.js';
import type { Host } from '../../host/host.js';
import { keepNegativeMs, keptAnswers, subjectOf } from '../backends/kept-answers.js';
import type { Probe, ProbeFindings, ProbeOptions } from '../findings/probe.js';
import { adapterDevice } from './adapter-device.js';
import { isEnough, type PageAnswer, readPageAnswer, wasLate } from './answer.js';
import { findBrowsers, type InstalledBrowser } from './find.js';
import { launchOptionsOf } from './launch.js';
import { type Visit, visit } from './visit.js';

/** WebGPU and WebNN of every installed browser: each one is started, and computes. */
export const browsers: Probe = async (host, options) => {
  const found = findBrowsers(host);
  const kept = keptAnswers(options.cacheDirectory, !options.refresh);
  const findings = await Promise.all(found.map((browser) => findingsOf(host, browser, options, kept)));
  const devices = findings.flatMap((finding) => finding.devices);
  const problems = findings.flatMap((finding) => finding.problems);
  return { devices, problems: found.length === 0 ? [noBrowser] : problems };
};

const noBrowser: MachineProblem = {
  message: 'no browser was found: WebGPU and WebNN of browsers cannot be used',
  remedy:
    'install Chrome, Chromium, Edge or Firefox, `apt-get install chromium-headless-shell`, or `npx playwright install chromium`',
};

async function findingsOf(
  host: Host,
  browser: InstalledBrowser,
  options: ProbeOptions,
  kept: ReturnType<typeof keptAnswers>,
): Promise<ProbeFindings> {
  const { name, title, engine, path } = browser;
  if (engine === 'safari') return { devices: [], problems: [notHeadless] };
  const launch = launchOptionsOf(engine, path);
  const subject = subjectOf(host, host.stampOf(path), launch);
  const before = readPageAnswer(kept.get(`browser-${name}`, subject) ?? '');
  const known = before !== undefined && isEnough(before.webgpu, options.calibrate) ? before : undefined;
  const outcome: Visit =
    known === undefined ? await visit(host, browser, launch, options) : { status: 'ok', answer: known };
  if (outcome.status !== 'ok') return { devices: [], problems: [problemOf(title, outcome.reason)] };
  const { answer } = outcome;
  const keepMs = lifetimeMs(answer);
  if (known === undefined && keepMs > 0) kept.set(`browser-${name}`, subject, JSON.stringify(answer), keepMs);
  if (answer.webgpu.status !== 'ok') {
    return { devices: [], problems: [problemOf(title, `WebGPU does not compute: ${answer.webgpu.reason}`)] };
  }
  const address = {
    id: `browser-${name}`,
    owner: `${title} ${versionOf(answer.userAgent)}`.trim(),
    bindingEnv: { JEST_HARDWARE_BROWSER: JSON.stringify(launch) },
  };
  const webNn = Object.entries(answer.webnn).flatMap(([type, { status }]) => (status === 'ok' ? [type] : []));
  const { canvas } = answer;
  const draws = canvas?.status === 'ok';
  return {
    devices: [adapterDevice(host, address, answer.webgpu, { webNn, draws })],
    problems:
      canvas === undefined || draws
        ? []
        : [problemOf(title, `WebGPU computes, but does not draw on a canvas: ${canvas.reason}`)],
  };
}

const notHeadless: MachineProblem = {
  message: 'Safari cannot be run without a window, so its WebGPU is not known',
  remedy: 'declare it in a machine file where your tests drive it',
};

function problemOf(title: string, reason: string): MachineProblem {
  return {
    message: `${title}: ${reason}`,
    remedy: 'run the browser by hand and look at its page about GPUs, or use another browser',
  };
}

/** A browser without WebGPU may get it with a driver; what did not end in time says nothing at all. */
function lifetimeMs(answer: PageAnswer): number {
  if (wasLate(answer)) return 0;
  return answer.webgpu.status === 'ok' ? Infinity : keepNegativeMs;
}

/** The most exact one that the browser tells. */
function versionOf(userAgent: string): string {
  const versions = [...userAgent.matchAll(/(?:Edge?|Firefox|Chrome|Chromium)\/([\d.]+)/g)];
  return versions.at(-1)?.[1] ?? '';
}
