import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** A folder in which `jest-runner-hardware/placement` and `/environment` resolve to what is in `src` now. */
export function loosePackage(files: Readonly<Record<string, string>>) {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'loose-package-')));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  };
  write('dist/placement.cjs', compiled('src/placement.cts'));
  write('dist/environment.js', compiled('src/jest/environment.ts'));
  write(
    'package.json',
    JSON.stringify({
      name: 'jest-runner-hardware',
      type: 'module',
      exports: { './placement': './dist/placement.cjs', './environment': './dist/environment.js' },
    }),
  );
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, content] of Object.entries(files)) write(path, content);
  return {
    /** Runs node in the folder. */
    node: (args: readonly string[], env: Readonly<Record<string, string>> = {}) => run(folder, args, env),
    /** Runs the folder's test files in one process with stock Jest; messages by test name, empty for a passed one. */
    jest(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
      const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
      const results = join(folder, 'results.json');
      const config = JSON.stringify({ transform: {}, testMatch: ['**/*.test.{cjs,mjs}'] });
      const flags = ['--config', config, '--runInBand', '--json', `--outputFile=${results}`, '--no-watchman'];
      const output = run(folder, ['--experimental-vm-modules', jest, ...flags, ...args], env);
      const { testResults } = JSON.parse(readFileSync(results, 'utf8')) as JestResults;
      const messages = testResults.flatMap(({ message, assertionResults: tests }) =>
        tests.length === 0
          ? [['did not run', message] as const]
          : tests.map(({ title, failureMessages }) => [title, failureMessages.join('\n')] as const),
      );
      return { messages: Object.fromEntries(messages), output };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface JestResults {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** As `tsc` would write it: transpiling alone takes milliseconds. */
function compiled(path: string): string {
  const { outputText } = ts.transpileModule(readFileSync(join(repository, path), 'utf8'), {
    fileName: path,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: path.endsWith('.cts') ? ts.ModuleKind.CommonJS : ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
    },
  });
  return outputText;
}

function run(cwd: string, args: readonly string[], env: Readonly<Record<string, string>>): string {
  const { NODE_OPTIONS: _ours, JEST_HARDWARE_PLACEMENT: _placed, ...rest } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, args, {
    cwd,
    env: { ...rest, ...env },
    encoding: 'utf8',
  });
  return stdout + stderr;
}
