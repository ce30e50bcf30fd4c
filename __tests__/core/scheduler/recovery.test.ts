import type { DeviceFaultKind } from '../../../src/core/events.js';
import { device, GiB, gpu, slots, suite } from '../cluster.js';
import { Run } from '../told-run.js';

const onGpu = { hardware: [{ class: 'gpu', count: 1 }] } as const;

/** A machine with a CPU and GPUs of so many GiB: `gpu0`, `gpu1` … */
function machine(name: string, gpusGiB: readonly number[], workers = 4) {
  const gpus = gpusGiB.map((GiBs, index) => ({ ...gpu, id: `gpu${index}`, memoryBytes: GiBs * GiB }));
  return slots({ name, workers, devices: [device(), ...gpus] });
}

/** The end of an attempt that its device failed. */
function fails(run: Run, suiteId: string, on: string, kind: DeviceFaultKind, attempt = 1, evidence = 'E') {
  return run.end(suiteId, `${on}#1`, 'failed', attempt, 5, { deviceFault: { kind, evidence } });
}

describe('a device whose memory ran out', () => {
  test('the next attempt has a larger one', () => {
    const run = new Run(machine('box', [6, 12, 24]), [suite('g', onGpu)]);
    expect(run.open()).toEqual(['g on box/gpu0#1']);
    expect(fails(run, 'g', 'box/gpu0', 'out-of-memory')).toEqual([
      'g requeued: out of device memory on box/gpu0 (6 GiB): E; tried again on a larger device',
      'g on box/gpu1#1 again',
    ]);
    expect(fails(run, 'g', 'box/gpu1', 'out-of-memory', 2)).toContain('g on box/gpu2#1 again');
    expect(fails(run, 'g', 'box/gpu2', 'out-of-memory', 3)).toEqual([
      'g given up: out of device memory on box/gpu2 (24 GiB): E; no larger device can run it, and it has no smaller batch size (@batch-sizes)',
      'run-ended',
    ]);
  });

  test('it waits for the larger one, rather than start on one that is free and too small', () => {
    const run = new Run(machine('box', [6, 12]), [suite('g', onGpu), suite('h', onGpu)]);
    expect(run.open()).toEqual(['g on box/gpu0#1', 'h on box/gpu1#1']);
    expect(fails(run, 'g', 'box/gpu0', 'out-of-memory')).toHaveLength(1);
    expect(run.end('h', 'box/gpu1#1')).toEqual(['g on box/gpu1#1 again']);
  });

  test('on the largest, it has the next smaller batch size, until there is none', () => {
    const run = new Run(machine('box', [6]), [
      suite('g', { ...onGpu, batchSizes: [1, 8, 32], optimalBatchSize: 8 }),
    ]);
    run.open();
    expect(fails(run, 'g', 'box/gpu0', 'out-of-memory')).toEqual([
      'g requeued: out of device memory on box/gpu0 (6 GiB): E; tried again with batch size 1 instead of 8',
      'g on box/gpu0#1 again with batch size 1',
    ]);
    expect(fails(run, 'g', 'box/gpu0', 'out-of-memory', 2).join()).toMatch(
      /^g given up: .*no smaller batch size/,
    );
  });

  test('a smaller batch size stays on a device that is as large', () => {
    const run = new Run(machine('box', [6, 12]), [suite('g', { ...onGpu, batchSizes: [1, 8] })]);
    run.open();
    fails(run, 'g', 'box/gpu0', 'out-of-memory');
    expect(fails(run, 'g', 'box/gpu1', 'out-of-memory', 2)).toContain(
      'g on box/gpu1#1 again with batch size 1',
    );
  });

  test('a CPU is no larger device', () => {
    const either = {
      hardware: [
        { class: 'gpu', count: 1 },
        { class: 'cpu', count: 1 },
      ],
    } as const;
    const big = { hardware: either.hardware, features: ['tensor-cores'] } as const;
    for (const profile of [either, big]) {
      const run = new Run(slots({ devices: [{ ...gpu, features: ['tensor-cores'] }], workers: 1 }), [
        suite('g', profile),
      ]);
      expect(run.open()).toEqual(['g on local/gpu0#1']);
      run.tell({ type: 'slot-up', slot: slots({ name: 'more', workers: 1 })[0] as never, atMs: 1 });
      expect(fails(run, 'g', 'local/gpu0', 'out-of-memory').join()).toMatch(/^g given up/);
    }
  });

  test('a suite of the CPU is not tried again, whatever its texts say', () => {
    const run = new Run(machine('box', [6]), [suite('c')]);
    expect(run.open()).toEqual(['c on box/cpu#1']);
    expect(fails(run, 'c', 'box/cpu', 'out-of-memory')).toEqual(['run-ended']);
  });

  test('nothing is tried again where that is not wanted, nor in a run that is cancelled', () => {
    const unwanted = new Run(machine('box', [6, 12]), [suite('g', onGpu)], { retryLost: false });
    unwanted.open();
    expect(fails(unwanted, 'g', 'box/gpu0', 'out-of-memory')).toEqual(['run-ended']);
    const cancelled = new Run(machine('box', [6, 12]), [suite('g', onGpu)]);
    cancelled.open();
    cancelled.tell({ type: 'run-cancelled', cause: 'interrupt', atMs: 1 });
    expect(fails(cancelled, 'g', 'box/gpu0', 'out-of-memory')).toEqual(['run-ended']);
  });
});

describe('a device with errors', () => {
  test('that is gone is set aside at once, and its suites go elsewhere', () => {
    const run = new Run(machine('box', [6, 6]), [suite('g', onGpu), suite('h', onGpu), suite('i', onGpu)]);
    run.open();
    expect(fails(run, 'g', 'box/gpu0', 'gone')).toEqual([
      'box/gpu0 set aside: is gone: E',
      'g requeued: box/gpu0 is gone: E; the device is set aside',
    ]);
    // It keeps its turn.
    expect(run.end('h', 'box/gpu1#1')).toEqual(['g on box/gpu1#1 again']);
    expect(run.end('g', 'box/gpu1#1', 'passed', 2)).toEqual(['i on box/gpu1#1']);
  });

  test('where nothing else can run them, they are refused with the reason', () => {
    const run = new Run(machine('box', [6]), [suite('g', onGpu), suite('h', onGpu)]);
    run.open();
    const decided = fails(run, 'g', 'box/gpu0', 'gone');
    const refusal = 'fail: needs gpu: this machine has cpu; needs gpu: gpu0 is set aside, as it is gone: E';
    expect(decided.slice(2)).toEqual([`h ${refusal}`, `g ${refusal}`, 'run-ended']);
  });

  test('one error moves the suite, two suites in a row set the device aside', () => {
    const run = new Run(
      machine('box', [6, 12]),
      ['a', 'b', 'c'].map((id) => suite(id, onGpu)),
    );
    run.open();
    expect(fails(run, 'a', 'box/gpu0', 'error')).toEqual([
      'a requeued: device error on box/gpu0: E; tried again on another device',
      'c on box/gpu0#1',
    ]);
    expect(fails(run, 'c', 'box/gpu0', 'error')).toEqual([
      'box/gpu0 set aside: failed 2 suites by errors: E',
      'c requeued: device error on box/gpu0: E; the device is set aside',
    ]);
  });

  test('a suite that passes there in between shows that the device is well', () => {
    const run = new Run(
      machine('box', [6, 12]),
      ['a', 'b', 'c', 'd'].map((id) => suite(id, onGpu)),
    );
    run.open();
    fails(run, 'a', 'box/gpu0', 'error');
    run.end('c', 'box/gpu0#1');
    expect(fails(run, 'd', 'box/gpu0', 'error').join()).not.toContain('set aside');
  });

  test('a suite that fails so on two devices is the cause itself, and neither device is blamed for it', () => {
    const run = new Run(
      machine('box', [6, 12]),
      ['a', 'b', 'c', 'd', 'e'].map((id) => suite(id, onGpu)),
    );
    run.open();
    run.end('b', 'box/gpu1#1');
    fails(run, 'a', 'box/gpu0', 'error');
    run.end('c', 'box/gpu1#1');
    expect(fails(run, 'a', 'box/gpu1', 'gone', 2)).toEqual([
      'a given up: box/gpu1 is gone: E; as on box/gpu0 before, so the suite is taken for the cause',
      'e on box/gpu1#1',
    ]);
    expect(fails(run, 'd', 'box/gpu0', 'error').join()).not.toContain('set aside');
  });

  test('what an earlier run has set aside gets nothing, and slots may come later', () => {
    const [, , , , first, second] = machine('box', [6, 6]);
    const run = new Run([], [suite('g', onGpu)]);
    run.tell({ type: 'set-aside', machine: 'box', deviceId: 'gpu0', reason: 'is gone: E', atMs: 0 });
    for (const slot of [first, second]) if (slot) run.tell({ type: 'slot-up', slot, atMs: 0 });
    expect(run.open()).toEqual(['g on box/gpu1#1']);
  });
});

test('a browser or an adapter that was lost costs a new process, once', () => {
  const run = new Run(machine('box', [6]), [suite('g', onGpu)]);
  run.open();
  expect(fails(run, 'g', 'box/gpu0', 'context-lost')).toEqual([
    'g requeued: browser or adapter lost on box/gpu0: E; tried again in a new process',
    'g on box/gpu0#1 again',
  ]);
  expect(fails(run, 'g', 'box/gpu0', 'context-lost', 2)).toEqual([
    'g given up: browser or adapter lost on box/gpu0: E; in a new process again',
    'run-ended',
  ]);
});

test('a process that its device ended is treated by that, not as lost on its own', () => {
  const run = new Run(machine('box', [6, 12]), [suite('g', onGpu)]);
  run.open();
  const fault = { deviceFault: { kind: 'out-of-memory', evidence: 'E' } } as const;
  expect(run.end('g', 'box/gpu0#1', 'lost', 1, 5, fault)).toContain('g on box/gpu1#1 again');
});

describe('a suite that takes down its workers', () => {
  test('is given up at the second, with the evidence of both', () => {
    const run = new Run([...machine('here', []), ...machine('box', [])], [suite('a')]);
    expect(run.open()).toEqual(['a on here/cpu#1']);
    const first = { cause: 'its process was killed by SIGSEGV', lastOutput: 'in: native\ncudaFree' };
    expect(run.end('a', 'here/cpu#1', 'lost', 1, 5, first)).toContain('a on box/cpu#1 again');
    const second = { cause: 'its process exited with code 3' };
    expect(run.end('a', 'box/cpu#1', 'lost', 2, 6, second)).toEqual([
      'a given up: took down 2 workers: on here/cpu: its process was killed by SIGSEGV (last output: "cudaFree"); on box/cpu: its process exited with code 3',
      'run-ended',
    ]);
  });

  test('and a third machine with it, where it runs alone, is given up too', () => {
    const fleet = ['m1', 'm2', 'm3', 'm4'].flatMap((name) => machine(name, [], 1));
    const run = new Run(fleet, [suite('a')]);
    run.open();
    const lose = (name: string) =>
      run.tell({ type: 'machine-lost', machine: name, reason: `${name} was lost`, atMs: 7 });
    expect(lose('m1')).toContain('a on m2/cpu#1 again');
    expect(lose('m2')).toContain('a on m3/cpu#1 again');
    expect(lose('m3')).toEqual([
      'a lost: m3 was lost',
      'a given up: took down 3 workers: on m1/cpu: m1 was lost; on m2/cpu: m2 was lost; on m3/cpu: m3 was lost',
      'run-ended',
    ]);
  });
});

describe('a disk that is full', () => {
  test('the suite goes to another machine, on a CPU too, and once', () => {
    const run = new Run([...machine('one', [], 1), ...machine('two', [], 1)], [suite('a')]);
    expect(run.open()).toEqual(['a on one/cpu#1']);
    expect(fails(run, 'a', 'one/cpu', 'full-disk')).toEqual([
      'a requeued: the disk of one is full: E; tried again on another machine',
      'a on two/cpu#1 again',
    ]);
    expect(fails(run, 'a', 'two/cpu', 'full-disk', 2)).toEqual([
      'a given up: the disk of two is full: E; it was tried again before',
      'run-ended',
    ]);
  });

  test('where there is no other, it is tried again there', () => {
    const run = new Run(machine('one', [], 1), [suite('a')]);
    run.open();
    expect(fails(run, 'a', 'one/cpu', 'full-disk')).toEqual([
      'a requeued: the disk of one is full: E; tried again there',
      'a on one/cpu#1 again',
    ]);
  });

  test('three suites in a row set its machine aside', () => {
    const run = new Run(
      [...machine('bad', [], 3), ...machine('good', [], 1)],
      ['a', 'b', 'c', 'd'].map((id) => suite(id)),
    );
    run.open();
    const decided = ['a', 'b', 'c'].flatMap((id, index) =>
      run.end(id, `bad/cpu#${index + 1}`, 'failed', 1, 5, {
        deviceFault: { kind: 'full-disk', evidence: 'E' },
      }),
    );
    expect(decided).toContain('bad set aside: failed 3 suites in a row: E; E; E');
  });
});

describe('three failures of the infrastructure in a row', () => {
  const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
  const killed = { infrastructure: true, cause: 'killed' } as const;

  test('set the machine aside for the run', () => {
    const run = new Run(
      [...machine('bad', [], 3), ...machine('good', [], 1)],
      ids.map((id) => suite(id)),
    );
    expect(run.open()).toEqual(['a on bad/cpu#1', 'b on bad/cpu#2', 'c on bad/cpu#3', 'd on good/cpu#1']);
    expect(run.end('a', 'bad/cpu#1', 'lost', 1, 5, killed).join()).not.toContain('set aside');
    run.end('b', 'bad/cpu#2', 'lost', 1, 5, killed);
    const decided = run.end('c', 'bad/cpu#3', 'lost', 1, 5, killed);
    expect(decided).toContain('bad set aside: failed 3 suites in a row: killed; killed; killed');
    expect(decided.join()).not.toMatch(/on bad/);
  });

  test('a result in between shows that it is well', () => {
    const run = new Run(
      [...machine('bad', [], 3), ...machine('good', [], 1)],
      ids.map((id) => suite(id)),
    );
    run.open();
    run.end('a', 'bad/cpu#1', 'lost', 1, 5, killed);
    run.end('b', 'bad/cpu#2', 'failed');
    const decided = run.end('c', 'bad/cpu#3', 'lost', 1, 5, killed);
    expect(decided.join()).not.toContain('set aside');
  });

  test('but never the last machine', () => {
    const run = new Run(
      machine('only', [], 3),
      ids.slice(0, 3).map((id) => suite(id)),
    );
    run.open();
    const all = ['a', 'b', 'c'].flatMap((id, index) =>
      run.end(id, `only/cpu#${index + 1}`, 'lost', 1, 5, killed),
    );
    expect(all.join()).not.toContain('set aside');
    expect(all).toContain('a on only/cpu#1 again');
  });
});
