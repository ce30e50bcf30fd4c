import { readFileSync } from 'node:fs';
import { validateXML } from 'xmllint-wasm';
import { readRecord } from '../../../src/record/read.js';
import { type ReportedRun, reportedRun } from '../../../src/report/formats/format.js';
import { junitFormat } from '../../../src/report/formats/junit.js';
import { hostileRun } from './hostile-run.js';

const render = (run: ReportedRun) => junitFormat.render(run, { color: false, width: 80 });
const recorded = (name: string) => reportedRun(readRecord(`fixtures/records/${name}.jsonl`).events);

test.each(['cancelled', 'cpu-only', 'gpu-box', 'killed', 'mixed'])('by the schema: %s', async (name) => {
  expect(await schemaErrors(render(recorded(name)))).toEqual([]);
});

test('by the schema: names and output by an attacker, a million characters on a line', async () => {
  expect(await schemaErrors(render(hostileRun()))).toEqual([]);
});

test('the schema finds mistakes', async () => {
  const text = render(recorded('mixed'));
  expect(await schemaErrors(text.replace('<testcase ', '<testcase color="red" '))).toHaveLength(1);
  expect(await schemaErrors(text.replace('</properties>', ''))).not.toEqual([]);
});

test('the hardware of a suite is in its properties', () => {
  const text = suiteIn(render(recorded('mixed')), 'test/vision/train.test.ts');
  const properties = [...text.matchAll(/<property name="(\w+)" value="([^"]*)"/g)].map(([, key, value]) => [
    key,
    value,
  ]);
  expect(Object.fromEntries(properties)).toEqual({
    attempt: '1',
    machine: 'local',
    device: 'gpu0',
    class: 'gpu',
    model: 'NVIDIA GeForce RTX 4070',
    degraded: 'false',
    flaky: 'false',
    peakMemoryBytes: '900000000',
    executedTests: '6',
  });
});

test('a suite says when it started, and one that never ran when the run did', () => {
  const text = render(recorded('mixed'));
  expect(suiteIn(text, 'test/nlp/embeddings.test.ts')).toContain('timestamp="2026-03-02T09:00:06"');
  expect(suiteIn(text, 'test/vision/large.test.ts')).toContain('timestamp="2026-03-02T09:00:00"');
  expect(text).not.toContain('1970');
});

test('what fails the run and no suite is a failure of its own', () => {
  const { events } = readRecord('fixtures/records/mixed.jsonl');
  const [first, ...others] = events;
  const demanding = { ...first, only: undefined, failOn: ['flaky'] } as never;
  const text = suiteIn(render(reportedRun([demanding, ...others])), 'jest-runner-hardware');
  expect(text).toContain('tests="2" failures="2"');
  expect(text).toContain('<testcase name="requireExecuted npu"');
  expect(text).toContain('<failure message="test/nlp/embeddings.test.ts" type="run"/>');
});

/** The `<testsuite>` of that name. */
function suiteIn(text: string, name: string): string {
  const start = text.indexOf(`<testsuite name="${name}"`);
  expect(start).toBeGreaterThan(0);
  return text.slice(start, text.indexOf('</testsuite>', start));
}

/** What newer versions of the schema allow, and Jenkins and GitLab read. */
const additions: readonly (readonly [string, string])[] = [
  [
    '<xs:element name="skipped" type="xs:string"/>',
    ['skipped', 'flakyError']
      .map(
        (name) =>
          `<xs:element name="${name}"><xs:complexType mixed="true">` +
          '<xs:attribute name="type" type="xs:string"/><xs:attribute name="message" type="xs:string"/>' +
          '</xs:complexType></xs:element>',
      )
      .join(''),
  ],
  [
    '<xs:element ref="failure" minOccurs="0" maxOccurs="unbounded"/>',
    '<xs:element ref="failure" minOccurs="0" maxOccurs="unbounded"/><xs:element ref="flakyError" minOccurs="0"/>',
  ],
  [
    '<xs:attribute name="classname" type="xs:string" use="optional"/>',
    '<xs:attribute name="classname" type="xs:string"/><xs:attribute name="file" type="xs:string"/>',
  ],
];

async function schemaErrors(text: string): Promise<readonly string[]> {
  const published = readFileSync('fixtures/schemas/junit-jenkins.xsd', 'utf8');
  const schema = additions.reduce((xsd, [from, to]) => {
    expect(xsd).toContain(from);
    return xsd.replace(from, to);
  }, published);
  const { errors } = await validateXML({
    xml: [{ fileName: 'junit.xml', contents: text }],
    schema: [schema],
    extension: 'schema',
    initialMemoryPages: 1024,
    maxMemoryPages: 4096,
  });
  return errors.map(({ message }) => message);
}
