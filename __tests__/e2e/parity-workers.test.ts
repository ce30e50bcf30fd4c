import { type JestRun, runJest } from './harness/jest.js';
import { expectParity } from './harness/parity.js';
import { removeProjects, useProject } from './harness/project.js';
import { type LogLine, logOf } from './harness/suite-log.js';

afterAll(removeProjects);

describe('workers', () => {
  // The twins wait for each other: one after the other they would time out.
  test('run at once, each with a number of its own', async () => {
    const { stock, hardware } = await expectParity('workers', ['-w', '2']);
    for (const run of [stock, hardware]) {
      expect(run.exitCode).toBe(0);
      const begun = beginsOf(run);
      expect(new Set(begun.map(({ workerId }) => workerId))).toEqual(new Set(['1', '2']));
      const twins = begun.filter(({ suite }) => suite.startsWith('pair'));
      expect(new Set(twins.map(({ workerId }) => workerId)).size).toBe(2);
      expect(new Set(twins.map(({ pid }) => pid)).size).toBe(2);
      expect(begun.every(({ mainThread }) => mainThread === true)).toBe(true);
    }
  });

  test('are used again', async () => {
    const { stock, hardware } = await expectParity('workers', ['-w', '2']);
    for (const run of [stock, hardware]) expect(new Set(beginsOf(run).map(({ pid }) => pid)).size).toBe(2);
  });

  test('are started anew over the idle memory limit, with the same numbers', async () => {
    const { stock, hardware } = await expectParity('workers', ['-w', '2', '--workerIdleMemoryLimit=1KB']);
    for (const run of [stock, hardware]) {
      expect(new Set(beginsOf(run).map(({ pid }) => pid)).size).toBe(6);
      expect(new Set(beginsOf(run).map(({ workerId }) => workerId))).toEqual(new Set(['1', '2']));
    }
  });

  test('are threads when asked for', async () => {
    const { stock, hardware } = await expectParity('workers', ['-w', '2', '--workerThreads']);
    for (const run of [stock, hardware]) {
      expect(beginsOf(run).map(({ mainThread }) => mainThread)).toEqual(Array(6).fill(false));
    }
  });

  test('are not used in band: suites run in the process of Jest itself', async () => {
    const { stock, hardware } = await expectParity('workers', ['-i', 'short']);
    for (const run of [stock, hardware]) {
      expect(new Set(beginsOf(run).map(({ pid }) => pid))).toEqual(new Set([run.pid]));
      expect(new Set(beginsOf(run).map(({ workerId }) => workerId))).toEqual(new Set(['1']));
    }
  });

  test('get their work in spite of a preloaded module that listens to the same channel', async () => {
    const project = await useProject('workers', {
      runner: 'hardware',
      files: { 'listen.cjs': "process.on('message', () => {});" },
    });
    const run = await runJest(project, ['-w', '2', 'pair'], {
      env: { NODE_OPTIONS: `--require ${project.directory}/listen.cjs` },
    });
    expect(run.exitCode).toBe(0);
    expect(new Set(beginsOf(run).map(({ pid }) => pid)).size).toBe(2);
  });

  test('do not inherit the debugger of Jest', async () => {
    for (const runner of ['stock', 'hardware'] as const) {
      const project = await useProject('workers', { runner });
      const run = await runJest(project, ['-w', '2'], { nodeArgs: ['--inspect=127.0.0.1:0'] });
      expect(run.exitCode).toBe(0);
      expect(run.stderr.match(/Debugger listening/g)).toHaveLength(1);
    }
  });

  test('a debugged run in band has the suites in the debugged process', async () => {
    const { hardware } = await expectParity('workers', ['-i', 'short'], {
      nodeArgs: ['--inspect=127.0.0.1:0'],
    });
    expect(hardware.stderr.match(/Debugger listening/g)).toHaveLength(1);
    expect(new Set(beginsOf(hardware).map(({ pid }) => pid))).toEqual(new Set([hardware.pid]));
  });
});

describe('suites that leave something open', () => {
  test('a worker that does not end is ended, with the warning', async () => {
    const { stock, hardware } = await expectParity('handles', ['-w', '2']);
    const warning = /A worker process has failed to exit gracefully/g;
    expect(stock.stderr.match(warning)).toHaveLength(1);
    expect(hardware.stderr.match(warning)).toHaveLength(1);
  });

  test('--detectOpenHandles names them', async () => {
    const { stock, hardware } = await expectParity('handles', ['--detectOpenHandles', '--forceExit']);
    expect(stock.json.openHandles).toHaveLength(2);
    for (const { stderr } of [stock, hardware]) {
      expect(stderr).toContain('TCPSERVERWRAP');
      expect(stderr).toContain('leaves-a-timer.test.js:2:3');
    }
  });

  test('--forceExit ends Jest all the same', async () => {
    const { stock, hardware } = await expectParity('handles', ['-i', '--forceExit']);
    for (const { exitCode, stderr } of [stock, hardware]) {
      expect(exitCode).toBe(0);
      expect(stderr).toContain('Force exiting Jest');
    }
  });

  test('--detectLeaks finds none in clean suites', async () => {
    const { stock } = await expectParity('workers', ['-w', '2', '--detectLeaks', 'short']);
    expect(stock.exitCode).toBe(0);
  });
});

test('custom reporters are told of every suite and test in a possible order', async () => {
  const project = await useProject('plain');
  const { events } = await runJest(project, ['-w', '2']);
  expect(events[0]?.type).toBe('run-start');
  expect(events.at(-1)?.type).toBe('run-complete');
  const started = events.filter(({ type }) => type === 'file-start').map(({ file }) => file);
  const ended = events.filter(({ type }) => type === 'file-result').map(({ file }) => file);
  expect(started.sort()).toEqual(ended.sort());
  expect(new Set(started).size).toBe(17);
});

function beginsOf(run: JestRun): readonly LogLine[] {
  return logOf(run.project).filter(({ event }) => event === 'begin');
}
