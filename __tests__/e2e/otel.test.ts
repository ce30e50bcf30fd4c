import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { type Collector, startCollector } from '../report/otel/collector.js';
import { packedInstall, repository } from './harness/install.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, useProject } from './harness/project.js';

let collector: Collector | undefined;
afterEach(() => collector?.close());
afterAll(leaveProjects);

const parent = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

test('a run is sent as a part of the job around it, with headers and packed', async () => {
  collector = await startCollector();
  const run = await runJest(await useProject('history'), [], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.endpoint}/`,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Basic%20dXNlcjpwYXNz==,x-key=a%2Cb',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'shop-tests',
      TRACEPARENT: `00-${parent.traceId}-${parent.spanId}-01`,
      CI_PIPELINE_ID: '4711',
      CI_JOB_NAME: 'unit',
    },
  });
  expect(run.exitCode).toBe(0);
  expect(run.stderr).not.toMatch(/OpenTelemetry|did not exit/);
  expect(collector.requests).toMatchObject([
    { url: '/v1/traces', headers: { authorization: 'Basic dXNlcjpwYXNz==', 'x-key': 'a,b' } },
  ]);
  expect(collector.resource).toEqual({ 'service.name': 'shop-tests' });
  const [root, ...suites] = collector.spans;
  expect(root).toMatchObject({
    name: 'jest run',
    traceId: parent.traceId,
    parentSpanId: parent.spanId,
    attributes: {
      'cicd.pipeline.run.id': '4711',
      'cicd.pipeline.task.name': 'unit',
      'cicd.pipeline.task.run.result': 'success',
    },
  });
  const ran = Object.keys(run.json.testResults).length;
  expect(suites).toHaveLength(ran);
  expect(suites.map(({ attributes }) => attributes['test.suite.run.status'])).toEqual(
    suites.map(() => 'success'),
  );
});

test('a collector that never answers costs the timeout and one line', async () => {
  collector = await startCollector(() => {});
  const run = await runJest(await useProject('history'), [], {
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_EXPORTER_OTLP_TIMEOUT: '300' },
  });
  expect(run.exitCode).toBe(0);
  expect(run.stderr.match(/^OpenTelemetry: .+ within 0\.3 s .+$/gm)).toHaveLength(1);
  expect(run.stderr).not.toMatch(/did not exit/);
});

test('without the package, one line says what to install', async () => {
  const { packageDirectory } = await packedInstall();
  const packages = join(temporaryDirectory(), 'node_modules');
  mkdirSync(packages);
  for (const name of readdirSync(join(repository, 'node_modules'))) {
    if (name !== '@opentelemetry' && !name.startsWith('.')) {
      symlinkSync(join(repository, 'node_modules', name), join(packages, name), 'junction');
    }
  }
  const ours = join(packages, 'jest-runner-hardware');
  cpSync(packageDirectory, ours, { recursive: true });
  const main = join(ours, 'dist/cli/main.js');
  const record = join(repository, 'fixtures/records/cpu-only.jsonl');
  const env = { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' };
  await expect(
    promisify(execFile)(process.execPath, [main, 'report', record, '--otel'], { env, cwd: dirname(ours) }),
  ).rejects.toMatchObject({
    code: 4,
    stderr: expect.stringMatching(
      /^.*the package @opentelemetry\/exporter-trace-otlp-proto cannot be loaded .*`npm install --save-dev @opentelemetry\/api @opentelemetry\/exporter-trace-otlp-proto`.*$/m,
    ),
  });
});
