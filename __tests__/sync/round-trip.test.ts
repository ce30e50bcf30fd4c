import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { statOf } from '../../src/sync/on-disk.js';
import {
  Coordinator,
  commit,
  contentOf,
  FarSide,
  git,
  newRepository,
  removeFolders,
} from './repositories.js';

afterAll(removeFolders);

const names = [
  'a',
  'b c',
  'quo\'te"s',
  'line\nbreak',
  'ü',
  'u\u0308',
  '$Id$',
  '-x',
  '🦊',
  'd/e',
  'd/f/g',
  'd',
  '.h',
];
const path = fc.constantFrom(...names);
const content = fc.constantFrom(
  '',
  'a\n',
  'a\r\nb\r\n',
  'b\nb\r\n',
  '$Id$\n',
  '\0\u00ff',
  'same size 1',
  'same size 2',
);
const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), path, content }),
  fc.record({ kind: fc.constant('remove' as const), path }),
  fc.record({ kind: fc.constant('rename' as const), path, to: path }),
  fc.record({ kind: fc.constant('mode' as const), path, executable: fc.boolean() }),
  fc.record({ kind: fc.constant('link' as const), path, to: path }),
  fc.record({ kind: fc.constant('stage' as const) }),
  fc.record({ kind: fc.constant('commit' as const) }),
  fc.record({ kind: fc.constant('sync' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** To look at a path below it is an error of its own. */
const belowLinkToItself: Step[] = [
  { kind: 'write', path: 'd/e', content: 'a\n' },
  { kind: 'commit' },
  { kind: 'link', path: 'd', to: 'd' },
  { kind: 'mode', path: 'd/e', executable: true },
  { kind: 'sync' },
];

test('after any edits, deletions, renames and changes of modes, the checkout is the working state byte for byte', async () => {
  const far = new FarSide();
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 14 }),
      fc.boolean(),
      async (steps, attributes) => {
        const project = newRepository(attributes ? { '.gitattributes': '* text=auto ident\n' } : {});
        const near = new Coordinator();
        for (const each of [...steps, { kind: 'sync' as const }]) {
          if (each.kind !== 'sync') apply(project, each);
          else {
            const checkout = await far.receive(await near.take(project));
            expect(contentOf(checkout.root)).toEqual(contentOf(project));
            checkout.release();
          }
        }
      },
    ),
    { numRuns: Number(process.env['SYNC_RUNS'] ?? 15), examples: [[belowLinkToItself, false]] },
  );
});

function apply(project: string, each: Exclude<Step, { kind: 'sync' }>): void {
  if (each.kind === 'stage') git(project, 'add', '--all');
  else if (each.kind === 'commit') commit(project);
  else edit(project, each);
}

function edit(project: string, each: Exclude<Step, { kind: 'sync' | 'stage' | 'commit' }>): void {
  const target = join(project, each.path);
  const there = statOf(target);
  if (each.kind === 'remove') {
    if (there !== undefined) rmSync(target, { recursive: true });
    return;
  }
  if (each.kind === 'mode') {
    if (there?.isFile()) chmodSync(target, each.executable ? 0o755 : 0o644);
    return;
  }
  if (each.kind === 'rename') {
    const to = makeRoom(project, each.to);
    if (there !== undefined && statOf(target) && !to.startsWith(`${target}/`)) renameSync(target, to);
    return;
  }
  const place = makeRoom(project, each.path);
  if (each.kind === 'link') symlinkSync(each.to, place);
  else writeFileSync(place, each.content, 'latin1');
}

/** Nothing is in the way of a file there. */
function makeRoom(project: string, path: string): string {
  const target = join(project, path);
  for (let above = dirname(target); above !== project; above = dirname(above))
    if (statOf(above)?.isDirectory() === false) rmSync(above);
  mkdirSync(dirname(target), { recursive: true });
  rmSync(target, { recursive: true, force: true });
  return target;
}
