import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { runCommandLine } from '../src/cli/command-line.js';
import { commands } from '../src/cli/commands/index.js';
import { pragmas } from '../src/core/pragmas.js';
import { strategyNames } from '../src/core/strategies/index.js';
import { formatBytes } from '../src/core/units.js';
import { UsageError } from '../src/core/usage-error.js';
import { defaultProfile } from '../src/core/workload.js';
import { builtInWorkloads } from '../src/core/workloads.js';
import { readFleet } from '../src/detect/fleet.js';
import { parseMachine } from '../src/detect/machine-file.js';
import { withHardware } from '../src/jest/config.js';
import { parseOptions } from '../src/options/options.js';
import { profileOf } from '../src/profile/profile.js';
import { parseScenario } from '../src/simulate/scenario.js';
import { temporaryDirectory } from './detect/temporary-host.js';

const root = fileURLToPath(new URL('../', import.meta.url));
const readme = read('README.md');
const blocks = [...readme.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));

describe('tables say what the code says', () => {
  test('pragmas', () => {
    const rows = Object.entries(pragmas).map(([name, { expected, doc }]) => [`\`@${name}\``, expected, doc]);
    expect(tableUnder('## Pragmas', '| pragma |')).toEqual(rows);
  });

  test('built-in workloads', () => {
    const rows = Object.entries(builtInWorkloads).map(([name, { part }]) => {
      const { hardware, preferredMemoryBytes, batchSizes, optimalBatchSize, sensitivity } = {
        ...defaultProfile,
        ...part,
      };
      return [
        `\`${name}\``,
        hardware.map((alternative) => alternative.class).join(', '),
        preferredMemoryBytes === undefined ? '–' : formatBytes(preferredMemoryBytes),
        batchSizes.length === 0 ? '–' : `${batchSizes.join(', ')} (best ${optimalBatchSize})`,
        sensitivity ?? '–',
      ];
    });
    expect(tableUnder('## Pragmas', '| workload |')).toEqual(rows);
  });

  test('options, with the comments that editors show', () => {
    const source = read('src/options/options.ts');
    const [, body = ''] = /export interface HardwareOptionsInput \{\n(.*?)\n\}/s.exec(source) ?? [];
    const rows = [...body.matchAll(/\/\*\* (.*) \*\/\n {2}readonly (\w+)\?:/g)].map(([, doc, name]) => [
      `\`${name}\``,
      doc,
    ]);
    expect(tableUnder('## Options', '| option |')).toEqual(rows);
    expect(rows.map(([name]) => name?.replaceAll('`', ''))).toEqual(acceptedOptions());
  });

  test('environment variables', () => {
    const sources = ['src/options/environment.ts', 'src/placement.cts'].map(read).join();
    const rows = tableUnder('### Environment variables', '| variable |').map(([name]) => name);
    const names = new Set(sources.match(/\bJEST_HARDWARE\w*/g));
    expect(new Set(rows)).toEqual(new Set([...names].map((name) => `\`${name}\``)));
  });

  test('variables that suites get', () => {
    const sources = ['src/execute/binding.ts', 'src/detect/binding.ts'].map(read).join();
    const names = new Set(sources.match(/\b[A-Z]+_[A-Z_]+\b/g));
    expect(names.size).toBeGreaterThan(8);
    for (const name of names) expect(section('## What happens to a suite')).toContain(`\`${name}\``);
  });

  test('strategies', () => {
    for (const name of strategyNames) expect(section('## Options')).toContain(`| \`${name}\` |`);
  });
});

test.each([[[]], ...Object.keys(commands).map((name) => [[name]])])(
  'the help of the command line stands there: %j',
  async (words) => {
    const help: string[] = [];
    const io = { env: {}, out: (text: string) => void help.push(text), err: () => {} };
    expect(await runCommandLine([...words, '--help'], io)).toBe(0);
    expect(blocks.map(({ text }) => text)).toContain(help.join(''));
  },
);

describe('what is to be copied works', () => {
  const configs = blocks.filter(
    ({ text, language }) => /withHardware\(|"runner":/.test(text) && language !== 'text',
  );

  test.each(configs.map(({ language, text }) => [text.split('\n', 1)[0], language, text]))(
    'config: %s',
    async (_, language, text) => {
      const config = language === 'json' ? JSON.parse(text) : configIn(text);
      const { runner } = typeof config === 'function' ? await config() : config;
      expect(() => parseOptions(runner[1], 'README.md')).not.toThrow();
    },
  );

  test('there are such configs', () => expect(configs.length).toBeGreaterThanOrEqual(6));

  /** The one JSON block of the section below a heading. */
  const jsonBelow = (heading: string) => {
    const texts = [...section(heading).matchAll(/```json\n(.*?)```/gs)].map(([, text = '']) => text);
    expect(texts).toHaveLength(1);
    return texts[0] ?? '';
  };

  test('machine file', () => {
    const text = jsonBelow('### Machine file');
    expect(() => parseMachine(JSON.parse(text), 'README.md')).not.toThrow();
  });

  test('fleet file', () => {
    const path = join(temporaryDirectory(), 'fleet.json');
    writeFileSync(path, jsonBelow('### Fleet file'));
    expect(readFleet(path).map(({ machine }) => machine.machine.name)).toEqual([
      'runner-1',
      'runner-2',
      'runner-3',
      'gpu-runner',
    ]);
  });

  test('scenario', () => {
    expect(parseScenario(jsonBelow('### Simulator'), 'README.md').suites).toHaveLength(2);
  });

  test('test files have docblocks without mistakes', () => {
    const tagged = blocks.filter(({ text }) => text.startsWith('/**'));
    expect(tagged.length).toBeGreaterThanOrEqual(2);
    for (const { text } of tagged) {
      const options = { workloads: {}, profiles: [] };
      const { problems } = profileOf({ source: text, file: 'README.md', suitePath: 'README.md', options });
      expect(problems).toBeUndefined();
    }
  });

  test('JavaScript and TypeScript have no syntax errors', () => {
    for (const { text } of blocks.filter(({ language }) => language === 'js' || language === 'ts')) {
      const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
      expect(diagnostics).toEqual([]);
    }
  });
});

test('links lead somewhere', () => {
  const anchors = [...readme.matchAll(/^#+ (.*)$/gm)].map(
    ([, title = '']) => `#${title.toLowerCase().replaceAll(' ', '-')}`,
  );
  const targets = [...readme.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  const dead = targets.filter((target) =>
    target.startsWith('#')
      ? !anchors.includes(target)
      : !/^https:/.test(target) && !existsSync(root + target),
  );
  expect(targets.length).toBeGreaterThan(20);
  expect(dead).toEqual([]);
});

function read(path: string): string {
  return readFileSync(root + path, 'utf8');
}

/** From a heading to the next one of the same or a higher level. */
function section(heading: string): string {
  const level = heading.indexOf(' ');
  const from = readme.indexOf(`\n${heading}\n`);
  expect(from).toBeGreaterThanOrEqual(0);
  const rest = readme.slice(from + heading.length + 1);
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'));
  return end === -1 ? rest : rest.slice(0, end);
}

/** Cells of the table whose first line starts so, without its head. */
function tableUnder(heading: string, start: string): readonly (readonly string[])[] {
  const lines = section(heading).split('\n');
  const body = lines.slice(lines.findIndex((line) => line.startsWith(start)) + 2);
  const end = body.findIndex((line) => !line.startsWith('|'));
  return body.slice(0, end === -1 ? undefined : end).map((line) => line.slice(2, -2).split(' | '));
}

/** The names that the check of the options knows. */
function acceptedOptions(): readonly string[] {
  try {
    parseOptions({ unheardOf: true }, 'README.md');
  } catch (error) {
    if (error instanceof UsageError) return error.problems[0]?.expected?.split(', ') ?? [];
  }
  return [];
}

/** What a config module exports. */
function configIn(source: string) {
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const require = (name: string) =>
    name === 'jest-runner-hardware' ? { withHardware } : createRequire(import.meta.url)(name);
  const module: { exports: Record<string, unknown> } = { exports: {} };
  new Function('require', 'module', 'exports', outputText)(require, module, module.exports);
  return (module.exports['default'] ?? module.exports) as ReturnType<typeof withHardware>;
}
