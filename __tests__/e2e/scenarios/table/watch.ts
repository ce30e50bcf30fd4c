import type { Scenario } from '../scenario.js';

const idle = 'Watch Usage';
const passes = (...names: readonly string[]) => names.map((name) => `test('${name}', () => {});`).join('\n');

/** Somebody sits at a terminal. */
export const watch: readonly Scenario[] = [
  {
    name: 'a run in a terminal',
    fixture: 'plain',
    steps: [
      { args: ['-w', '2', 'passing', 'failing', 'console'], terminal: [] },
      { args: ['-i', 'passing', 'failing', 'console', '--verbose'], terminal: [] },
    ],
  },
  {
    name: 'watchAll: a change, a pattern, all again, and the end',
    files: { 'one.test.js': passes('one'), 'two.test.js': passes('two') },
    sample: true,
    steps: [
      {
        args: ['--watchAll', '-w', '2'],
        terminal: [
          { shown: idle, write: { 'one.test.js': passes('one', 'more') } },
          { shown: idle, type: 'p' },
          { shown: 'pattern ›', type: 'two' },
          { shown: '› two', type: '\r' },
          { shown: `matching.*${idle}`, type: 'a' },
          { shown: idle, type: 'q' },
        ],
        reaches: { exitCode: 0 },
      },
    ],
  },
  {
    name: 'watch: what changed, failed tests, names, snapshots',
    files: {
      'one.test.js': passes('one'),
      'two.test.js': `test('two', () => expect(1).toMatchSnapshot());`,
      'three.test.js': passes('three'),
    },
    steps: [
      {
        args: ['--watch', '-w', '2', '--ci=false'],
        commit: true,
        write: { 'one.test.js': passes('one', 'changed') },
        terminal: [
          {
            shown: idle,
            write: {
              'two.test.js': `test('two', () => expect(1).toMatchSnapshot()); test('bad', () => expect(1).toBe(2));`,
            },
          },
          { shown: `1 failed.*${idle}`, type: 'f' },
          { shown: idle, type: 'f' },
          { shown: idle, type: 't' },
          { shown: 'pattern ›', type: 'one' },
          { shown: '› one', type: '\r' },
          { shown: `with tests matching.*${idle}`, type: 'c' },
          { shown: idle, type: 'q' },
        ],
      },
    ],
  },
];
