import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { runCommandLine } from '../../src/cli/command-line.js';
import { command } from './harness/command.js';
import { runJest } from './harness/jest.js';
import { leaveProjects, type Project, useProject } from './harness/project.js';

afterAll(leaveProjects);

interface Kind {
  /** Beside two test files and a package.json. */
  readonly files: Readonly<Record<string, string>>;
  /** What `init` makes of them. */
  readonly made: Readonly<Record<string, string>>;
}

const esm = "import { withHardware } from 'jest-runner-hardware';";
const cjs = "const { withHardware } = require('jest-runner-hardware');";

const kinds: Readonly<Record<string, Kind>> = {
  CommonJS: {
    files: { 'jest.config.js': '// ours\nmodule.exports = {\n  transform: {}, // none\n};\n' },
    made: {
      'jest.config.js': `// ours\n${cjs}\n\nmodule.exports = withHardware({\n  transform: {}, // none\n});\n`,
    },
  },
  'ES modules': {
    files: {
      'package.json': '{ "name": "config-project", "private": true, "type": "module" }',
      'jest.config.js': 'export default async () => ({ transform: {} })\n',
    },
    made: {
      'jest.config.js': `${esm.slice(0, -1)}\n\nexport default withHardware(async () => ({ transform: {} }))\n`,
    },
  },
  TypeScript: {
    files: {
      'tsconfig.json':
        '{ "compilerOptions": { "module": "nodenext", "target": "es2022", "types": [] }, "ts-node": { "transpileOnly": true } }',
      'jest.config.ts':
        "import type { Config } from 'jest';\n\nconst config: Config = { transform: {} };\n\nexport default config;\n",
    },
    made: {
      'jest.config.ts': `import type { Config } from 'jest';\n${esm}\n\nconst config: Config = { transform: {} };\n\nexport default withHardware(config);\n`,
    },
  },
  'projects by their paths, one without a config': {
    files: {
      'first.test.js': '',
      'second.test.js': '',
      'jest.config.json': '{\n    "projects": ["<rootDir>/packages/*"]\n}\n',
      'packages/a/a.test.js': "test('a', () => {});\n",
      'packages/a/jest.config.cjs': 'module.exports = { transform: {} };\n',
      'packages/b/b.test.js': "test('b', () => {});\n",
      'packages/b/package.json': '{ "name": "b" }',
    },
    made: {
      'jest.config.json':
        '{\n    "projects": ["<rootDir>/packages/*"],\n    "runner": "jest-runner-hardware",\n    "testSequencer": "jest-runner-hardware/sequencer",\n    "reporters": [\n        "default",\n        "jest-runner-hardware/reporter"\n    ]\n}\n',
      'packages/a/jest.config.cjs': `${cjs}\n\nmodule.exports = withHardware({ transform: {} });\n`,
      'packages/b/jest.config.mjs': `${esm}\n\nexport default withHardware({});\n`,
    },
  },
  // As next/jest exports it: a function that gives a function that gives an async function.
  'next/jest': {
    files: {
      'node_modules/next/jest.js':
        'module.exports = () => (config) => async () => ({ ...(typeof config === "function" ? await config() : config), transform: {} });',
      'jest.config.mjs':
        "import nextJest from 'next/jest.js'\n\nconst createJestConfig = nextJest({\n  // Provide the path to your Next.js app\n  dir: './',\n})\n\n/** @type {import('jest').Config} */\nconst config = {\n  testEnvironment: 'node',\n}\n\nexport default createJestConfig(config)\n",
    },
    made: {
      'jest.config.mjs': `import nextJest from 'next/jest.js'\n${esm.slice(0, -1)}\n\nconst createJestConfig = nextJest({\n  // Provide the path to your Next.js app\n  dir: './',\n})\n\n/** @type {import('jest').Config} */\nconst config = {\n  testEnvironment: 'node',\n}\n\nexport default withHardware(createJestConfig(config))\n`,
    },
  },
  'JSON, the key jest of a package.json': {
    files: {
      'package.json':
        '{\n\t"name": "config-project",\n\t"jest": { "transform": {} },\n\t"private": true\n}\n',
    },
    made: {
      'package.json':
        '{\n\t"name": "config-project",\n\t"jest": { "transform": {}, "runner": "jest-runner-hardware", "testSequencer": "jest-runner-hardware/sequencer", "reporters": ["default", "jest-runner-hardware/reporter"] },\n\t"private": true\n}\n',
    },
  },
};

test.each(Object.entries(kinds))(
  '%s: changed as a person would, once, and then run',
  async (_, { files, made }) => {
    const project = await useProject('config', { runner: 'as-is', files });
    const before = filesOf(project);
    const shown = await command(project, 'init');
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain('nothing was written: --yes writes it');
    for (const file of Object.keys(made)) expect(shown.stdout).toContain(`+++ b/${file}\n`);
    expect(filesOf(project)).toEqual(before);

    expect(await command(project, 'init', '--yes')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(filesOf(project)).toEqual({ ...before, ...made });
    expect((await command(project, 'init', '--yes')).stdout).toBe(
      'nothing to do: the project uses jest-runner-hardware already\n',
    );

    const run = await runJest(project, ['-i']);
    expect(run.stderr).toContain('Hardware');
    expect(run).toMatchObject({ exitCode: 0, json: { numPassedTestSuites: 2, numTotalTestSuites: 2 } });
    expect(run.record.filter(({ type }) => type === 'suite-ended')).toHaveLength(2);
  },
);

test('pragmas by what a test imports, itself and one file on, and the workflow of a repository', async () => {
  const test1 =
    "const { createSession } = require('./session');\n\ntest('runs', () => expect(createSession).toBeDefined());\n";
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'jest.config.js': 'module.exports = { transform: {} };\n',
      'first.test.js': test1,
      'session.js':
        "exports.createSession = () => require('onnxruntime-node').InferenceSession.create('m', { executionProviders: ['cuda'] });\n",
      'mocked.test.js':
        "jest.mock('webgpu', () => ({}), { virtual: true });\nrequire('webgpu');\ntest('is mocked', () => {});\n",
      'tagged.test.js': "/** @hardware cpu */\nasync () => import('webgpu');\ntest('is tagged', () => {});\n",
    },
  });
  mkdirSync(join(project.directory, '.git'));
  mkdirSync(join(project.directory, '.github'));
  const { stdout, exitCode } = await command(project, 'init', '--yes');
  expect(exitCode).toBe(0);
  expect(stdout).toContain(
    '- first.test.js: @hardware gpu, @backend onnx, cuda: session.js imports onnxruntime-node: ',
  );
  const written = readFileSync(join(project.directory, 'first.test.js'), 'utf8');
  expect(written).toBe(`/**\n * @hardware gpu\n * @backend onnx, cuda\n */\n${test1}`);
  expect(stdout).not.toMatch(/mocked|tagged/);
  expect(existsSync(join(project.directory, '.github/workflows/jest-hardware.yml'))).toBe(true);
  expect((await command(project, 'init', '--yes')).stdout).toMatch(/^nothing to do/);
});

test('a config that Jest cannot load afterwards is put back, and all other files with it', async () => {
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      // The same file is a config only as long as nobody touches it.
      'jest.config.js':
        "if (require('fs').readFileSync(__filename, 'utf8').includes('Hardware(')) throw new Error('touched');\nmodule.exports = {\n  transform: {},\n};\n",
      'first.test.js': "async () => import('webgpu');\ntest('x', () => {});\n",
    },
  });
  const before = filesOf(project);
  const { exitCode, stderr } = await command(project, 'init', '--yes');
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('touched') });
  expect(filesOf(project)).toEqual(before);
});

test('at a terminal it asks, and only a yes writes', async () => {
  const files = { 'jest.config.js': 'module.exports = { transform: {} };\n' };
  const project = await useProject('config', { runner: 'as-is', files });
  const before = filesOf(project);
  const cwd = process.cwd();
  process.chdir(project.directory);
  try {
    const answered = async (answer: boolean) => {
      const told: string[] = [];
      const tell = (text: string) => void told.push(text);
      const confirm = (question: string) => {
        tell(question);
        return Promise.resolve(answer);
      };
      expect(await runCommandLine(['init'], { env: {}, out: tell, err: tell, confirm })).toBe(0);
      return told.join('');
    };
    expect(await answered(false)).toMatch(
      /files to write: 1\nWrite these changes\? \[y\/N\] nothing was written\n$/,
    );
    expect(filesOf(project)).toEqual(before);
    expect(await answered(true)).toMatch(/\[y\/N\] written, and Jest finds the runner\./);
    expect(filesOf(project)['jest.config.js']).toContain('withHardware({');
  } finally {
    process.chdir(cwd);
  }
});

test('a config that is not understood: nothing is written, and the line is named', async () => {
  const project = await useProject('config', {
    runner: 'as-is',
    files: {
      'jest.config.js': 'module.exports = {};\nmodule.exports.transform = {};\n',
      'first.test.js': "async () => import('webgpu');\ntest('x', () => {});\n",
    },
  });
  const before = filesOf(project);
  const { exitCode, stderr, stdout } = await command(project, 'init', '--yes');
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
  expect(stderr).toContain('jest.config.js:2: `module.exports` is used here');
  expect(filesOf(project)).toEqual(before);
});

/** Text of every file, without what a run leaves. */
function filesOf({ directory }: Project): Readonly<Record<string, string>> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((path) => statSync(join(directory, path)).isFile() && !path.startsWith('.jest-hardware'))
      .map((path) => [path.replaceAll('\\', '/'), readFileSync(join(directory, path), 'utf8')]),
  );
}
