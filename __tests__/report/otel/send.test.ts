import { readRecord } from '../../../src/record/read.js';
import { reportedRun } from '../../../src/report/formats/format.js';
import { sendSpans } from '../../../src/report/otel/send.js';
import { hostileRun } from '../formats/hostile-run.js';
import { type Collector, type ReceivedSpan, startCollector } from './collector.js';

const mixed = reportedRun(readRecord('fixtures/records/mixed.jsonl').events);
let collector: Collector | undefined;

afterEach(async () => {
  await collector?.close();
  collector = undefined;
});

async function received(env: Readonly<Record<string, string>> = {}, run = mixed): Promise<Collector> {
  collector = await startCollector();
  const sent = await sendSpans(run, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env });
  expect(sent).toEqual({ spans: collector.spans.length, url: `${collector.endpoint}/v1/traces` });
  return collector;
}

function named(spans: readonly ReceivedSpan[], name: string): readonly ReceivedSpan[] {
  return spans.filter((span) => span.name === name);
}

test.each(['http/protobuf', 'http/json'])('a run and its attempts by %s', async (protocol) => {
  const { spans, resource, requests } = await received({ OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
  expect(requests).toHaveLength(1);
  expect(resource).toEqual({ 'service.name': 'jest-runner-hardware' });
  const [root] = named(spans, 'jest run');
  expect(root).toMatchObject({
    kind: 'SPAN_KIND_INTERNAL',
    startTimeUnixNano: '1772442000000000000',
    endTimeUnixNano: '1772442009604000000',
    status: { code: 'STATUS_CODE_ERROR', message: 'tests failed, input, hardware absent: 3 of 9 suites' },
    attributes: { 'cicd.pipeline.task.type': 'test', 'cicd.pipeline.task.run.result': 'failure' },
  });
  expect(root).not.toHaveProperty('parentSpanId');
  // The suite that the run's own filter left out has no span.
  expect(spans).toHaveLength(1 + 9);
  const others = spans.filter((span) => span !== root);
  expect(new Set(others.map(({ traceId }) => traceId))).toEqual(new Set([root?.traceId]));
  expect(new Set(others.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);

  expect(named(spans, 'test/vision/train.test.ts')).toMatchObject([
    {
      startTimeUnixNano: '1772442000004000000',
      endTimeUnixNano: '1772442004504000000',
      status: {},
      attributes: {
        'test.suite.name': 'test/vision/train.test.ts',
        'test.suite.run.status': 'success',
        'code.file.path': 'test/vision/train.test.ts',
        'host.arch': 'amd64',
        'os.type': 'linux',
        'hw.id': 'local/gpu0',
        'hw.type': 'gpu',
        'hw.model': 'NVIDIA GeForce RTX 4070',
        'jest_runner_hardware.executed_tests': 6,
        'jest_runner_hardware.degraded': false,
      },
    },
  ]);
});

test('a second attempt names the first one, and what ended that', async () => {
  const { spans } = await received();
  const [lost, passed] = named(spans, 'test/nlp/embeddings.test.ts');
  expect(lost).toMatchObject({
    attributes: { 'test.suite.run.status': 'aborted', 'jest_runner_hardware.outcome': 'flaky' },
    status: { code: 'STATUS_CODE_ERROR', message: expect.stringContaining('SIGKILL') },
    events: [
      { name: 'exception', attributes: { 'exception.message': expect.stringContaining('out of memory') } },
    ],
  });
  expect(passed).toMatchObject({
    attributes: { 'test.suite.run.status': 'success', 'jest_runner_hardware.attempt': 2 },
    status: {},
    links: [{ traceId: lost?.traceId, spanId: lost?.spanId }],
  });
});

test('suites that never started have a span without a length, with the reason', async () => {
  const { spans } = await received();
  const [refused] = named(spans, 'test/vision/large.test.ts');
  expect(refused).toMatchObject({
    startTimeUnixNano: refused?.endTimeUnixNano,
    attributes: { 'test.suite.run.status': 'failure' },
    status: { code: 'STATUS_CODE_ERROR', message: expect.stringContaining('needs 24 GiB on the device') },
  });
  const [skipped] = named(spans, 'test/edge/int8.test.ts');
  expect(skipped).toMatchObject({ attributes: { 'test.suite.run.status': 'skipped' }, status: {} });
});

test('failed tests and waits are events', async () => {
  const events = readRecord('fixtures/records/cpu-only.jsonl').events.map((event) =>
    event.type === 'suite-started'
      ? { ...event, waitedMs: 700, waitedFor: 'gpu0 is held by pid 4711' }
      : event,
  );
  const { spans } = await received({}, reportedRun(events));
  const [failed] = named(spans, 'src/tax.test.ts');
  expect(failed?.events).toMatchObject([
    {
      name: 'jest_runner_hardware.waited',
      timeUnixNano: failed?.startTimeUnixNano,
      attributes: {
        'jest_runner_hardware.waited_ms': 700,
        'jest_runner_hardware.waited_for': 'gpu0 is held by pid 4711',
      },
    },
    {
      name: 'exception',
      attributes: {
        'test.case.name': 'tax › rounds half up',
        'test.case.result.status': 'fail',
        'exception.message': expect.stringContaining('Expected: 1.24'),
        'code.file.path': 'src/tax.test.ts',
        'code.line.number': 14,
      },
    },
  ]);
});

test('the same record gives the same ids', async () => {
  const { spans } = await received();
  const ids = spans.map(({ traceId, spanId }) => [traceId, spanId]);
  await collector?.close();
  expect((await received()).spans.map(({ traceId, spanId }) => [traceId, spanId])).toEqual(ids);
});

test('shards of one run share a trace', async () => {
  const traceOf = async (index: number) => {
    const planned = {
      atMs: 0,
      type: 'shard-planned',
      planId: 'p',
      inputs: {},
      index,
      total: 2,
      predictedMs: [1, 1],
      boundMs: 1,
      elsewhere: [],
      dividedAt: '2026-03-02T09:00:00.000Z',
    } as const;
    const [started, ...rest] = mixed.events;
    if (started?.type !== 'run-started') throw new Error('The fixture begins otherwise.');
    const { spans } = await received({}, reportedRun([{ ...started, index, total: 2 }, planned, ...rest]));
    await collector?.close();
    return named(spans, 'jest run').map(({ traceId, spanId }) => ({ traceId, spanId }))[0];
  };
  const [first, second] = [await traceOf(1), await traceOf(2)];
  expect(first?.traceId).toBe(second?.traceId);
  expect(first?.spanId).not.toBe(second?.spanId);
});

test('the run is a part of the trace that TRACEPARENT names', async () => {
  const { spans } = await received({
    TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    TRACESTATE: 'vendor=1',
  });
  expect(named(spans, 'jest run')).toMatchObject([
    { traceId: '0af7651916cd43dd8448eb211c80319c', parentSpanId: 'b7ad6b7169203331', traceState: 'vendor=1' },
  ]);
});

test.each(['00-0-0-01', '00-00000000000000000000000000000000-b7ad6b7169203331-01', 'x'])(
  'a malformed TRACEPARENT is none: %s',
  async (TRACEPARENT) => {
    const { spans } = await received({ TRACEPARENT });
    expect(named(spans, 'jest run')[0]).not.toHaveProperty('parentSpanId');
  },
);

test('service and resource, percent-encoded', async () => {
  const list = 'deployment.environment.name=ci%20box,service.name=other,team=a%3Db';
  const { resource } = await received({ OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: list });
  expect(resource).toEqual({ 'service.name': 'shop', 'deployment.environment.name': 'ci box', team: 'a=b' });
});

test('names and output by an attacker are data, and short enough', async () => {
  const { spans } = await received({}, hostileRun());
  const text = JSON.stringify(spans);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
  expect(text.match(/[\u0000-\u001f\u007f-\u009f\u202e\u2066]|::error::|##\[/)).toBeNull();
  expect(
    Math.max(
      ...spans.flatMap(({ attributes }) => Object.values(attributes).map((each) => String(each).length)),
    ),
  ).toBeLessThanOrEqual(4096);
});

test.each([
  ['OTEL_EXPORTER_OTLP_ENDPOINT', '/base', '/base/v1/traces'],
  ['OTEL_EXPORTER_OTLP_ENDPOINT', '/base//', '/base/v1/traces'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/ingest', '/ingest'],
  ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', '/ingest/?key=1', '/ingest/?key=1'],
])('%s with the path %s goes to %s', async (name, path, url) => {
  collector = await startCollector();
  await sendSpans(mixed, { [name]: `${collector.endpoint}${path}` });
  expect(collector.requests.map((request) => request.url)).toEqual([url]);
});

test.each<Readonly<Record<string, string>>>([
  { OTEL_EXPORTER_OTLP_ENDPOINT: ' ' },
  { OTEL_SDK_DISABLED: 'true' },
  { OTEL_TRACES_EXPORTER: 'none' },
  { OTEL_TRACES_EXPORTER: 'console' },
  { OTEL_TRACES_SAMPLER: 'always_off' },
  { TRACEPARENT: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00' },
])('nothing is sent: %j', async (env) => {
  collector = await startCollector();
  expect(await sendSpans(mixed, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, ...env })).toBeUndefined();
  expect(collector.requests).toEqual([]);
});

test.each([
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, /is not a URL of http or https: "localhost:4318"/],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' }, /set it to one, such as http:\/\/localhost:4318\.$/],
  [
    { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    /the protocol "grpc" is not supported; set OTEL_EXPORTER_OTLP_PROTOCOL to http\/protobuf or http\/json/,
  ],
])('%j: one line says what is wrong', async (env, text) => {
  const sent = await sendSpans(mixed, env);
  expect(sent).toMatch(text);
  expect(sent).not.toContain('\n');
});

test('a collector that refuses: the answer, the place without its password, and what to do', async () => {
  collector = await startCollector((response) => response.writeHead(404).end());
  const endpoint = `${collector.endpoint.replace('//', '//user:secret@')}/v1/traces`;
  const sent = await sendSpans(mixed, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
  expect(sent).toContain(`${collector.endpoint}/v1/traces/v1/traces did not take them`);
  expect(sent).toContain('404 Not Found');
  expect(sent).toContain('take /v1/traces off OTEL_EXPORTER_OTLP_ENDPOINT');
  expect(sent).not.toContain('secret');
});

test('a collector that never answers costs no more than the timeout', async () => {
  collector = await startCollector(() => {});
  const sent = await sendSpans(mixed, {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_TIMEOUT: '200',
  });
  expect(sent).toMatch(
    /did not take them within 0.2 s \(.+\); check OTEL_EXPORTER_OTLP_ENDPOINT, or unset it\.$/,
  );
});
