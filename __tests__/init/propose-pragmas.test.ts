import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { withPragmas } from '../../src/config/docblock/write-pragmas.js';
import { parseOptions } from '../../src/config/options.js';
import { parseWorkload } from '../../src/core/workload/parse.js';
import knownPackages from '../../src/init/known-packages.json' with { type: 'json' };
import { proposePragmas } from '../../src/init/propose-pragmas.js';
import { temporaryDirectory } from '../detect/temporary-host.js';

/** What is proposed for `a.test.ts`, with the files of its project beside it. */
function proposed(source: string, files: Readonly<Record<string, string>> = {}, options: unknown = {}) {
  const directory = temporaryDirectory();
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const test = { path: join(directory, 'a.test.ts'), suitePath: 'a.test.ts', source };
  const found = proposePragmas(test, parseOptions(options, 'options'), (path) =>
    path.slice(directory.length + 1),
  );
  return found?.pragmas.map(({ name, value }) => `@${name} ${value}`).join(' ');
}

test.each([
  ["import '@tensorflow/tfjs-node-gpu';", '@hardware gpu @backend cuda'],
  ["import * as tf from '@tensorflow/tfjs-node';", undefined],
  ["const { create } = require('webgpu');", '@hardware gpu @backend webgpu'],
  ["await import('webgpu');", '@hardware gpu @backend webgpu'],
  ["// import 'webgpu'\nconst text = \"require('webgpu')\";", undefined],
  ["import { create } from 'webgpu-utils';", undefined],
  ["import type { GPU } from 'webgpu';", undefined],
  ["import ort from 'onnxruntime-node';", undefined],
  ["import ort from 'onnxruntime-node'; f(['cuda', 'cpu']);", '@hardware gpu @backend onnx, cuda'],
  ["import { chromium } from 'playwright';", '@cpu 2'],
  [
    "import { chromium } from 'playwright'; page.evaluate(() => navigator.gpu);",
    '@hardware gpu @backend webgpu @cpu 2',
  ],
  [
    '/// <reference types="@webgpu/types" />\nnavigator.gpu.requestAdapter();',
    '@hardware gpu @backend webgpu',
  ],
  ["import * as three from 'three';", undefined],
  ["import { WebGPURenderer } from 'three/webgpu';", '@hardware gpu @backend webgpu'],
  ["import { GPU } from 'gpu.js'; new GPU({ mode: 'gpu' });", '@hardware gpu'],
  ["import { GPU } from 'gpu.js'; new GPU();", undefined],
  // Of two that contradict each other the first counts.
  ["import '@tensorflow/tfjs-node-gpu'; import 'webgpu';", '@hardware gpu @backend cuda'],
  ["jest.mock('webgpu'); import 'webgpu';", undefined],
  ["/** @hardware cpu */\nimport 'webgpu';", undefined],
  ["/** @cpu 4 */\nimport 'playwright';", undefined],
  ['import {', undefined],
])('%s', (source, expected) => {
  expect(proposed(source)).toBe(expected);
});

test('one file on, by the ways in which files are named', () => {
  const gpu = "export * from 'webgpu';\n";
  expect(proposed("import './b';", { 'b.ts': gpu })).toBe('@hardware gpu @backend webgpu');
  expect(proposed("import './b.js';", { 'b.ts': gpu })).toBe('@hardware gpu @backend webgpu');
  expect(proposed("import './b';", { 'b/index.js': gpu })).toBe('@hardware gpu @backend webgpu');
  expect(proposed("import './b';", { 'b.ts': "import './c';", 'c.ts': gpu })).toBeUndefined();
  expect(proposed("jest.mock('./b'); import './b';", { 'b.ts': gpu })).toBeUndefined();
  expect(proposed("import './missing';")).toBeUndefined();
});

test('what the options say of a file counts', () => {
  const source = "import 'webgpu'; import 'playwright';";
  expect(proposed(source, {}, { profiles: { '**/*.test.ts': { hardware: ['npu'] } } })).toBeUndefined();
  expect(proposed(source, {}, { ignorePragmas: ['cpu'] })).toBe('@hardware gpu @backend webgpu');
});

test.each(knownPackages)('the row of $packages has pragmas that are right, a reason and a source', (row) => {
  const pragmas = Object.entries(row.pragmas).map(([name, value]) => ({ name, value, line: 1 }));
  expect(parseWorkload(pragmas, { kind: 'docblock', file: '' }).problems).toEqual([]);
  expect(withPragmas('', pragmas)).toContain(`@${pragmas[0]?.name}`);
  expect(row.why).toMatch(/^\S.{10,}[^.]$/);
  expect(URL.canParse(row.source)).toBe(true);
  expect(() => new RegExp(row.mentions ?? '')).not.toThrow();
});
