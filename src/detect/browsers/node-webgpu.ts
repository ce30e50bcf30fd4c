import { installedPackage } from '../backends/installed-package.js';
import { keepNegativeMs, keptAnswers, subjectOf } from '../backends/kept-answers.js';
import { failureText, runInNode } from '../backends/node-child.js';
import type { Probe, ProbeFindings } from '../findings/probe.js';
import { adapterDevice } from './adapter-device.js';
import { isEnough, readWebGpuAnswer } from './answer.js';
import { webGpuScript } from './webgpu-script.js';

/** WebGPU in Node.js by the package `webgpu`, where the project has it: its adapter computes in a process of its own. */
export const nodeWebGpu: Probe = async (host, options) => {
  const found = installedPackage(host, options.projectDir, 'webgpu');
  if (found === undefined) return { devices: [], problems: [] };
  const kept = keptAnswers(options.cacheDirectory, !options.refresh);
  const subject = subjectOf(host, found, process.version);
  const known = readWebGpuAnswer(kept.get('node-webgpu', subject) ?? '');
  let answer = known !== undefined && isEnough(known, options.calibrate) ? known : undefined;
  if (answer === undefined) {
    const outcome = await runInNode(host, script, [found.directory, String(options.calibrate)], options);
    // A recorded machine has no Node.js of ours to run it with.
    if (outcome.status === 'absent') return { devices: [], problems: [] };
    // What it printed before it crashed at its end is no proof that it works.
    answer = outcome.status === 'ok' ? readWebGpuAnswer(outcome.stdout) : undefined;
    if (answer === undefined) return notComputing(failureText(outcome, options.timeoutMs));
    const keepMs = { ok: Infinity, absent: keepNegativeMs, error: keepNegativeMs, timeout: 0 }[answer.status];
    if (keepMs > 0) kept.set('node-webgpu', subject, JSON.stringify(answer), keepMs);
  }
  if (answer.status !== 'ok') return notComputing(answer.reason);
  const { version } = JSON.parse(found.manifest) as { version?: string };
  const owner = `webgpu ${version ?? ''}`.trim();
  return { devices: [adapterDevice(host, { id: 'node-webgpu', owner }, answer)], problems: [] };
};

function notComputing(reason: string): ProbeFindings {
  const remedy = 'install a Vulkan driver (Linux: also libvulkan1), or use a browser';
  return { devices: [], problems: [{ message: `the package webgpu does not compute: ${reason}`, remedy }] };
}

const script = `
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
${webGpuScript}
const directory = process.argv[1];
const entry = createRequire(directory + '/').resolve(directory);
const { create, globals } = await import(pathToFileURL(entry));
Object.assign(globalThis, globals);
const gpu = create([]);
const answer = await probeWebGpu(gpu, process.argv[2] === 'true');
process.stdout.write(JSON.stringify(answer), () => process.exit(0));
`;
