import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const source = fileURLToPath(new URL('../../src/', import.meta.url));

/** What every run loads before its first suite. */
const entries = ['index.ts', 'jest/sequencer.ts', 'jest/reporter.ts'];

/** What few runs need: loaded by `import()` where it is asked for. */
const rare = [
  'cli/',
  'detect/browsers/',
  'detect/doctor/',
  'init/',
  'jest/remote/answer-schemas.ts',
  'jest/remote/fleet.ts',
  'jest/remote/on-machines.ts',
  'jest/remote/remote-machines.ts',
  'jest/run/written-reports.ts',
  'jest/shards/',
  'remote/ask.ts',
  'remote/checked.ts',
  'remote/fleet-credentials.ts',
  'remote/fleet-list.ts',
  'remote/fleet-machine.ts',
  'remote/serve-fleet.ts',
  'remote/serve-stdio.ts',
  'report/compare/',
  'report/drawing/',
  'report/formats/html/',
  'report/github/',
  'report/otel/send.ts',
  'simulate/',
  'sync/',
  'transport/bullmq/',
  'transport/ssh/',
];

test('a run does not load what few runs need', () => {
  const seen = new Map<string, string>();
  const follow = (path: string, from: string): void => {
    if (seen.has(path)) return;
    seen.set(path, from);
    for (const imported of staticImports(path)) follow(imported, path);
  };
  for (const entry of entries) follow(entry, 'every run');
  const loaded = [...seen].filter(([path]) => rare.some((place) => path.startsWith(place)));
  expect(loaded.map(([path, from]) => `${path}, imported by ${from}`)).toEqual([]);
  expect(seen.size).toBeGreaterThan(100);
});

function staticImports(path: string): readonly string[] {
  if (path.endsWith('.json')) return [];
  const text = readFileSync(join(source, path), 'utf8');
  const statements = text.matchAll(/^(?:import|export) (?!type )[^;'"]*?from '(\.[^']+)'/gm);
  return [...statements].map(([, specifier = '']) =>
    relative(source, join(source, dirname(path), specifier))
      .replaceAll('\\', '/')
      .replace(/\.js$/, '.ts'),
  );
}
