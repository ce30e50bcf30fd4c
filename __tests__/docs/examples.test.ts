import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import ts from 'typescript';
import { profileOf } from '../../src/config/docblock/profile.js';
import { parseOptions } from '../../src/config/options.js';
import * as jestRunnerHardware from '../../src/index.js';
import { readFleet } from '../../src/machine-file/fleets.js';
import { parseMachine } from '../../src/machine-file/read.js';
import { parseScenario } from '../../src/simulate/scenario/read.js';
import { temporaryDirectory } from '../detect/temporary-host.js';
import { type Block, blocks } from './pages.js';

/** What a block is to a reader who copies it, by the first that fits. Shell commands run in `e2e/docs.test.ts`. */
const kinds: Readonly<Record<string, (block: Block) => boolean>> = {
  config: ({ language, text }) => language !== 'text' && /withHardware\(|"runner":/.test(text),
  suite: ({ language, text }) => /^[jt]s$/.test(language) && text.startsWith('/**'),
  program: ({ language }) => /^[jt]s$/.test(language),
  scenario: ({ language, text }) => language === 'json' && text.includes('"suites":'),
  fleet: ({ language, text }) => language === 'json' && text.startsWith('['),
  machine: ({ language, text }) => language === 'json' && text.includes('"devices":'),
};

const of = (kind: string) => blocks.filter((block) => kindOf(block) === kind);

test.each(of('config'))('config: $place', async ({ page, language, text }) => {
  const config = language === 'json' ? JSON.parse(text) : (await run(text)).exported;
  const { runner } = typeof config === 'function' ? await config() : config;
  expect(() => parseOptions(runner[1], page)).not.toThrow();
});

test.each(of('suite'))('a test file without mistakes in its docblock: $place', ({ page, text }) => {
  expect(syntaxErrors(text)).toEqual([]);
  const options = { workloads: {}, profiles: [] };
  expect(profileOf({ source: text, file: page, suitePath: page, options }).problems).toBeUndefined();
});

test.each(of('program'))('a program that runs: $place', async ({ text }) => {
  expect(syntaxErrors(text)).toEqual([]);
  const { printed } = await run(text);
  expect(printed.length).toBeGreaterThan(0);
});

test.each(of('machine'))('machine file: $place', ({ page, text }) => {
  expect(() => parseMachine(JSON.parse(text), page)).not.toThrow();
});

test.each(of('fleet'))('fleet file: $place', ({ text }) => {
  const path = join(temporaryDirectory(), 'fleet.json');
  writeFileSync(path, text);
  expect(readFleet(path).map(({ machine }) => machine.machine.name)).toContain('runner-3');
});

test.each(of('scenario'))('scenario: $place', ({ page, text }) => {
  expect(parseScenario(text, page).suites).toHaveLength(2);
});

test('every kind of block is there, and every block is of a kind', () => {
  expect(Object.keys(kinds).filter((kind) => of(kind).length === 0)).toEqual([]);
  const elsewhere = ['sh', 'yaml', 'text'];
  const strange = blocks.filter(
    (block) => kindOf(block) === undefined && !elsewhere.includes(block.language),
  );
  expect(strange.map(({ place }) => place)).toEqual([]);
});

function kindOf(block: Block): string | undefined {
  return Object.keys(kinds).find((kind) => kinds[kind]?.(block));
}

function syntaxErrors(source: string) {
  return ts.transpileModule(source, { reportDiagnostics: true }).diagnostics ?? [];
}

/** Runs a module in place: what it exports by default, and what it prints. */
async function run(source: string) {
  // Modules may wait at their top level, functions of CommonJS may not.
  const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const require = (name: string) =>
    name === 'jest-runner-hardware' ? jestRunnerHardware : createRequire(import.meta.url)(name);
  const module: { exports: Record<string, unknown> } = { exports: {} };
  const printed: unknown[][] = [];
  const console = { log: (...values: unknown[]) => void printed.push(values) };
  const body = `return (async () => {\n${outputText}\n})();`;
  await new Function('require', 'module', 'exports', 'console', body)(
    require,
    module,
    module.exports,
    console,
  );
  // biome-ignore lint/suspicious/noExplicitAny: a config of Jest, an object or a function
  return { exported: (module.exports['default'] ?? module.exports) as any, printed };
}
