import type { Config } from '@jest/types';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { withHardware } from '../../src/jest/config.js';
import { session } from '../../src/jest/session.js';

beforeEach(() => {
  // As the sequencer does, which Jest makes when it has read all configs.
  session.readsPathProjects = false;
});

/** What Jest's validation accepts in a root config alone. */
const globals = (config: Config.InitialOptions) =>
  ['testSequencer', 'reporters'].filter((key) => Object.hasOwn(config, key));

describe('sequencer and reporters belong to the whole run', () => {
  test('not in the configs of path projects, which Jest reads after the one that names them', async () => {
    const root = withHardware({ projects: ['<rootDir>/packages/*'] });
    await Promise.resolve();
    const sync = withHardware({ displayName: 'a' });
    const late = await withHardware(async () => ({ displayName: 'b' }))();
    expect([root, sync, late].map(globals)).toEqual([['testSequencer', 'reporters'], [], []]);
    expect([sync.runner, late.runner]).toEqual([root.runner, root.runner]);
  });

  test('a file that makes several configs and gives Jest one', () => {
    withHardware({ projects: ['<rootDir>/packages/*'] });
    expect(globals(withHardware({ displayName: 'alone' }))).toEqual(['testSequencer', 'reporters']);
  });

  test('the next run of the process reads its configs anew', async () => {
    withHardware({ projects: ['<rootDir>/packages/*'] });
    await Promise.resolve();
    session.readsPathProjects = false;
    expect(globals(withHardware({}))).toEqual(['testSequencer', 'reporters']);
  });

  test('not in inline projects that are wrapped as well', () => {
    const { projects } = withHardware({
      projects: [
        withHardware({ displayName: 'a' }),
        withHardware({ displayName: 'b', reporters: ['summary'] }),
        { displayName: 'c' },
      ],
    });
    const [a, b, c] = projects as Config.InitialOptions[];
    expect(globals(a as Config.InitialOptions)).toEqual([]);
    // Their own stays, for Jest to say that it has no effect.
    expect(b).toMatchObject({ reporters: ['summary'] });
    expect([a?.runner, b?.runner]).toEqual([c?.runner, c?.runner]);
  });

  test('a wrapped config that is wrapped again has one reporter and no sequencer that asks itself', () => {
    const once = withHardware({ reporters: ['default'] });
    expect(withHardware({ ...once })).toEqual(once);
  });
});

test('a project has the colour that Jest gives those of its own runner', () => {
  const { displayName, projects } = withHardware({ displayName: 'a', projects: [{ displayName: 'b' }] });
  expect(displayName).toEqual({ name: 'a', color: 'white' });
  expect(projects).toMatchObject([{ displayName: { name: 'b', color: 'white' } }]);
});

describe('what is no config and no options is said at once, with what to write', () => {
  const call = withHardware as (config?: unknown, options?: unknown) => unknown;
  test.each<[string, () => unknown, string]>([
    ['a word for options', () => call({}, 'skip'), '"skip"'],
    ['null for options', () => call({}, null), 'null'],
    ['a list for options', () => call({}, []), '[]'],
    ['a function for options', () => call({}, () => ({})), 'a function'],
    ['no config', () => call(), 'undefined'],
    ['null for a config', () => call(null), 'null'],
    ['a list for a config', () => call([]), '[]'],
    ['a word for a config', () => call('jest.config.js'), '"jest.config.js"'],
    ['a promise for a config', () => call(Promise.resolve({})), 'a promise'],
  ])('%s', (_, broken, found) => {
    let thrown: unknown;
    try {
      broken();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(UsageError);
    expect((thrown as UsageError).problems).toEqual([
      {
        message: expect.any(String),
        expected: expect.any(String),
        found,
        remedy: expect.stringContaining('withHardware('),
      },
    ]);
  });

  test('a function that gives none', async () => {
    await expect((call(() => undefined) as () => Promise<unknown>)()).rejects.toThrow(UsageError);
  });
});
