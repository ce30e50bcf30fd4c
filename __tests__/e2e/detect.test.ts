import { commandOf } from './harness/command.js';
import { runNode } from './harness/jest.js';
import { leaveProjects, type Project, type ProjectOptions, useProject } from './harness/project.js';

afterAll(leaveProjects);

const gpu = { id: 'gpu0', class: 'gpu', model: 'Example GPU' };
const withOptions = (options: object, more: Readonly<Record<string, string>> = {}): ProjectOptions => ({
  runner: 'as-is',
  files: {
    'jest.config.cjs': `const { withHardware } = require('jest-runner-hardware');
      module.exports = withHardware({ transform: {} }, ${JSON.stringify(options)});`,
    ...more,
  },
});
const configOf = (text: string): ProjectOptions => ({ runner: 'as-is', files: { 'jest.config.cjs': text } });

async function command(
  project: Project,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
) {
  return runNode(project, () => commandOf(project), args, env);
}

async function models(
  project: Project,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
) {
  const { stdout, stderr } = await command(project, ['detect', '--json', ...args], env);
  expect(stderr).toBe('');
  const { devices } = JSON.parse(stdout) as { devices: { id: string; model?: string }[] };
  return devices.filter(({ id }) => id === 'gpu0').map(({ model }) => model);
}

describe('detect describes the machine as a run would', () => {
  test('by the option machine, content or path, unless a variable or a flag names another file', async () => {
    const file = (model: string) => JSON.stringify({ devices: [{ ...gpu, model }] });
    const files = {
      'option.json': file('Option'),
      'variable.json': file('Variable'),
      'flag.json': file('Flag'),
    };
    const byContent = await useProject('plain', withOptions({ machine: { devices: [gpu] } }));
    expect(await models(byContent)).toEqual(['Example GPU']);
    const byPath = await useProject('plain', withOptions({ machine: './option.json' }, files));
    expect(await models(byPath)).toEqual(['Option']);
    const env = { JEST_HARDWARE_MACHINE: 'variable.json' };
    expect(await models(byPath, [], env)).toEqual(['Variable']);
    expect(await models(byPath, ['--machine', 'flag.json'], env)).toEqual(['Flag']);
    const doctor = await command(byPath, ['doctor']);
    expect(doctor.stdout).toMatch(/usable: cpu, gpu0\n$/);
  });

  test('by a config that is named', async () => {
    const other = `module.exports = require('jest-runner-hardware').withHardware({}, ${JSON.stringify({
      machine: { devices: [gpu] },
    })});`;
    const project = await useProject('plain', {
      runner: 'stock',
      files: { 'other.config.cjs': other, 'stock.config.cjs': 'module.exports = {};' },
    });
    expect(await models(project)).toEqual([]);
    expect(await models(project, ['--config', 'other.config.cjs'])).toEqual(['Example GPU']);
    const stock = await command(project, ['detect', '--config', 'stock.config.cjs']);
    expect(stock).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('does not use jest-runner-hardware'),
    });
  });

  test.each([
    ['a mistake in its syntax', configOf('module.exports = {'), 'SyntaxError'],
    ['an error of its own', configOf('throw new Error("no DATABASE_URL");'), 'no DATABASE_URL'],
    ['a mistake in our options', withOptions({ machine: 3 }), 'machine cannot be 3'],
  ])('without a config that cannot be read, and says so: %s', async (_name, use, words) => {
    const project = await useProject('plain', use);
    const detect = await command(project, ['detect', '--json']);
    expect(detect.exitCode).toBe(0);
    expect(JSON.parse(detect.stdout)).toMatchObject({ version: 1 });
    expect(detect.stderr).toMatch(
      /^the project's Jest config cannot be read, and its option `machine` does not count: .*\n$/,
    );
    expect(detect.stderr).toContain(words);
    const doctor = await command(project, ['doctor', '--json']);
    const { findings } = JSON.parse(doctor.stdout) as { findings: { check: string; message: string }[] };
    expect(findings).toContainEqual(
      expect.objectContaining({
        check: 'Jest config',
        severity: 'note',
        message: expect.stringContaining(words),
      }),
    );
  });
});
