import { delimiter } from 'node:path';
import { chromiumFromNpm } from '../detect/browsers/chromium-from-npm.js';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';
import { eventsOf } from './harness/record.js';
import { failureOf, statuses } from './harness/results.js';

afterAll(leaveProjects);

/** Runs a script in the browser that the suite was given, and gives what it returns. */
const inBrowser = `
const { spawn } = require('node:child_process');
const { mkdtempSync } = require('node:fs');
const { createServer } = require('node:http');
const { join } = require('node:path');

module.exports = async (script) => {
  const { executablePath, args } = JSON.parse(process.env.JEST_HARDWARE_BROWSER);
  // Removed with the project: the browser's own processes may write to it while they die.
  const profile = mkdtempSync(join(__dirname, 'profile-'));
  let receive;
  const answer = new Promise((resolve) => { receive = resolve; });
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => { body += part; });
    request.on('end', () => {
      if (request.method === 'POST') receive(JSON.parse(body));
      response.setHeader('content-type', 'text/html').end('<script type="module">' +
        'const run = async () => {' + script + '};' +
        'const answer = await run().catch((error) => ({ error: String(error) }));' +
        'await fetch("/", { method: "POST", body: JSON.stringify(answer) });</script>');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = 'http://127.0.0.1:' + server.address().port + '/';
  const browser = spawn(executablePath, [...args, '--user-data-dir=' + profile, url], { stdio: 'ignore', detached: true });
  const gone = new Promise((resolve) => browser.once('exit', resolve));
  try {
    return await answer;
  } finally {
    process.kill(-browser.pid, 'SIGKILL');
    await gone;
    server.closeAllConnections();
    server.close();
  }
};
`;

const suite = (pragmas: string, script: string, expected: string) => `/**
 * @hardware gpu
${pragmas}
 */
const inBrowser = require('./in-browser.cjs');
const { placement } = require('jest-runner-hardware/placement');
test('computes where it was placed', async () => {
  expect(placement.devices.map(({ id }) => id)).toEqual(['browser-headless-shell']);
  expect(await inBrowser(${JSON.stringify(script)})).toEqual(${expected});
}, 60_000);
`;

const shader = `
const adapter = await navigator.gpu.requestAdapter();
const device = await adapter.requestDevice();
const code = '@group(0) @binding(0) var<storage, read_write> x: array<f32>; ' +
  '@compute @workgroup_size(4) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] = x[id.x] * x[id.x]; }';
const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code }) } });
const storage = device.createBuffer({ size: 16, usage: 128 | 4 | 8 });
const result = device.createBuffer({ size: 16, usage: 1 | 8 });
device.queue.writeBuffer(storage, 0, Float32Array.of(1, 2, 3, 4));
const commands = device.createCommandEncoder();
const pass = commands.beginComputePass();
pass.setPipeline(pipeline);
pass.setBindGroup(0, device.createBindGroup({
  layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: storage } }],
}));
pass.dispatchWorkgroups(1);
pass.end();
commands.copyBufferToBuffer(storage, 0, result, 0, 16);
device.queue.submit([commands.finish()]);
await result.mapAsync(1);
return Array.from(new Float32Array(result.getMappedRange()));
`;

const graph = `
const context = await navigator.ml.createContext({ deviceType: 'gpu' });
const shape = { dataType: 'float32', shape: [2] };
const builder = new MLGraphBuilder(context);
const graph = await builder.build({ sum: builder.add(builder.input('a', shape), builder.input('b', shape)) });
const a = await context.createTensor({ ...shape, writable: true });
const b = await context.createTensor({ ...shape, writable: true });
const sum = await context.createTensor({ ...shape, readable: true });
context.writeTensor(a, Float32Array.of(1, 2));
context.writeTensor(b, Float32Array.of(10, 20));
context.dispatch(graph, { a, b }, { sum });
return Array.from(new Float32Array(await context.readTensor(sum)));
`;

const onLinuxX64 = process.platform === 'linux' && process.arch === 'x64' ? test : test.skip;

onLinuxX64(
  'suites compute in the real browser that they were placed on; an emulated adapter only for who allows it',
  async () => {
    const bin = chromiumFromNpm(temporaryDirectory());
    const files = {
      'in-browser.cjs': inBrowser,
      'webgpu.test.js': suite(' * @backend webgpu\n * @software-adapter', shader, '[1, 4, 9, 16]'),
      'webnn.test.js': suite(' * @backend webnn\n * @software-adapter', graph, '[11, 22]'),
      'strict.test.js': suite(' * @backend webgpu', shader, '[1, 4, 9, 16]'),
      'unit.test.js': `test('sees no browser', () => expect(process.env.JEST_HARDWARE_BROWSER).toBe(undefined));`,
    };
    const project = await useProject('gpu', { options: {}, files });
    const run = await runJest(project, ['-w', '2', 'webgpu', 'webnn', 'strict', 'unit'], {
      env: { PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    if (statuses(run)['webnn.test.js'] === 'failed') throw new Error(failureOf(run, 'webnn.test.js'));
    expect(statuses(run)).toEqual({
      'webgpu.test.js': 'passed',
      'webnn.test.js': 'passed',
      'strict.test.js': 'failed',
      'unit.test.js': 'passed',
    });
    expect(failureOf(run, 'strict.test.js')).toMatch(/browser-headless-shell .*emulated/);
    const placed = eventsOf(run.record, 'suite-started').map(({ placement }) => placement);
    const browserSuites = placed.filter(({ claim }) => claim.deviceIds.includes('browser-headless-shell'));
    expect(browserSuites.map(({ suiteId }) => suiteId).sort()).toEqual(['webgpu.test.js', 'webnn.test.js']);
  },
  120_000,
);
