/**
 * Several runs at once on a fleet, on a virtual clock: the scheduler of each run, and the turns, queues and news of each machine
 * are the real ones; the network (5 ms each way) and suites (log-normal, median 2 s, estimates off by 10 %) are made up.
 * `one by one`: each run has the fleet for itself, in the order in which they came. `turns alone`: machines share their places
 * among runs, and runs place as if they were alone. `as it is`: runs are also told what others leave. Deterministic.
 * Usage: node bench/fair.mjs [--seeds N] [--machines N] [--places N] [--suites N]
 */
import { randomFrom } from './instances.mjs';
import { source } from './source.mjs';

const {
  Scheduler,
  Estimates,
  strategies,
  slotsOf,
  FairTurns,
  TaskQueues,
  TurnNews,
  Heap,
  defaultProfile,
  cpuMachine,
} = await source(
  'core/scheduler/scheduler.ts',
  'core/estimate/estimate.ts',
  'core/strategies/index.ts',
  'core/machine/machine.ts',
  'remote/fair-turns.ts',
  'remote/task-queues.ts',
  'remote/turn-news.ts',
  'core/vocabulary/heap.ts',
  'core/workload/profile.ts',
  '../__tests__/execute/cpu-machine.ts',
);
const argv = process.argv.slice(2);
const flag = (name, usual) => (argv.includes(name) ? Number(argv[argv.indexOf(name) + 1]) : usual);
const seeds = flag('--seeds', 5);
const machineCount = flag('--machines', 3);
const places = flag('--places', 4);
const suiteCount = flag('--suites', 60);
const leadMs = 5;

/** Time that passes from event to event. */
class Clock {
  nowMs = 0;
  #upcoming = new Heap();

  at(ms, call) {
    const event = { call };
    this.#upcoming.push(Math.max(this.nowMs, ms), event);
    return () => {
      event.call = () => {};
    };
  }

  after(ms, call) {
    return this.at(this.nowMs + ms, call);
  }

  async run(isOver) {
    while (!isOver()) {
      const atMs = this.#upcoming.leastKey;
      const event = this.#upcoming.pop();
      if (event === undefined) throw new Error('nothing happens any more, and runs have not ended');
      this.nowMs = atMs;
      event.call();
      // What follows at once, in promises.
      await new Promise(setImmediate);
    }
  }
}

class SimulatedMachine {
  constructor(clock, name, tellsRuns) {
    const machine = { ...cpuMachine, machine: { ...cpuMachine.machine, name, cpuBudget: places } };
    this.slots = slotsOf(machine, places).map((slot) => ({ ...slot, leadMs: 2 * leadMs }));
    this.turns = new FairTurns(
      { cpu: places },
      { nowMs: () => clock.nowMs, onChange: () => tellsRuns && this.news.changed() },
    );
    this.news = new TurnNews(this.turns, (ms, call) => clock.after(ms, call));
    this.tellsRuns = tellsRuns;
  }
}

class SimulatedRun {
  endMs;
  waitedMs = 0;
  #numbers = new Map();
  #begun = new Set();
  #nextNumber = 1;

  constructor(clock, { name, weight = 1, suites, atMs = 0 }, machines) {
    Object.assign(this, { clock, name, weight, suites, atMs, machines });
    this.trueMs = new Map(suites.map(({ id, trueMs }) => [id, trueMs]));
    clock.at(atMs, () => this.#begin());
  }

  #begin() {
    this.scheduler = new Scheduler({
      strategy: strategies.adaptive,
      unsatisfiable: { action: 'fail' },
      retryLost: true,
      estimates: new Estimates(),
    });
    this.queues = new Map();
    for (const machine of this.machines) {
      const { turns, news, slots, tellsRuns } = machine;
      turns.enter(this.name, this.weight);
      for (const slot of slots) this.#tell({ type: 'slot-up', slot });
      const queues = new TaskQueues(() => turns.take('cpu', this.name));
      for (const { id } of slots) this.queues.set(id, queues);
      const told = ({ free, share }) =>
        this.endMs ??
        this.#tell({ type: 'device-turns', machine: slots[0].machine.name, deviceId: 'cpu', free, share });
      if (tellsRuns) news.enter(this.name, (_, allowance) => this.clock.after(leadMs, () => told(allowance)));
    }
    for (const { suite } of this.suites) this.#tell({ type: 'suite-queued', suite });
    this.#tell({ type: 'run-opened' });
  }

  #tell(happening) {
    for (const decision of this.scheduler.handle({
      atMs: Math.round(this.clock.nowMs - this.atMs),
      ...happening,
    })) {
      const { type, suiteId, attempt } = decision;
      if (type === 'suite-started') this.#start(decision);
      else if (type === 'successor-named') this.#send(decision, true);
      else if (type === 'successor-recalled') {
        const { number } = this.#numbers.get(suiteId);
        this.clock.after(leadMs, () => this.queues.get(decision.slotId).takeBack(number));
      } else if (type === 'attempt-stopped') this.#numbers.get(`${suiteId} ${attempt}`)?.abort.abort();
      else if (type === 'run-ended') this.#end();
    }
    this.cancelTick?.();
    const tickMs = this.scheduler.nextTickAtMs;
    if (tickMs !== undefined && this.endMs === undefined)
      this.cancelTick = this.clock.at(tickMs + this.atMs, () => this.#tell({ type: 'tick' }));
  }

  #start(decision) {
    const { suiteId } = decision.placement;
    if (this.#numbers.has(suiteId) && !decision.speculative) {
      this.#begun.add(suiteId);
      this.#numbers.delete(suiteId);
    } else this.#send(decision, false);
  }

  #send({ placement: { suiteId, slotId, degraded }, attempt }, isAhead) {
    const number = this.#nextNumber++;
    const abort = new AbortController();
    this.#numbers.set(`${suiteId} ${attempt}`, { abort });
    if (isAhead) this.#numbers.set(suiteId, { number });
    const durationMs = this.trueMs.get(suiteId);
    const task = () =>
      new Promise((resolve) => {
        this.clock.after(durationMs, resolve);
        abort.signal.addEventListener('abort', resolve);
      });
    this.clock.after(leadMs, async () => {
      const sentMs = this.clock.nowMs;
      const { started } = await this.queues.get(slotId).run({ queue: slotId, number }, abort.signal, task);
      if (!isAhead) this.waitedMs += this.clock.nowMs - sentMs - (started ? durationMs : 0);
      this.clock.after(leadMs, () => {
        if (isAhead && !started && !this.#begun.has(suiteId)) {
          this.#numbers.delete(suiteId);
          this.#tell({ type: 'successor-returned', suiteId, slotId, attempt });
          return;
        }
        const status = abort.signal.aborted ? 'cancelled' : 'passed';
        this.#tell({ type: 'suite-ended', suiteId, slotId, attempt, status, degraded, durationMs });
      });
    });
  }

  #end() {
    this.endMs = this.clock.nowMs;
    for (const { news, turns } of this.machines) {
      news.leave(this.name);
      turns.leave(this.name);
    }
  }
}

function suitesOf(count, seed) {
  const random = randomFrom(seed);
  return Array.from({ length: count }, (_, index) => {
    const trueMs = Math.round(Math.max(50, 2000 * Math.exp(0.6 * random.normal())));
    const expectedMs = { cpu: Math.max(1, Math.round(trueMs * Math.exp(0.1 * random.normal()))) };
    const profile = { ...defaultProfile, hardware: [{ class: 'cpu', count: 1 }] };
    return { id: `s${index}`, trueMs, suite: { id: `s${index}`, profile, fileBytes: 0, expectedMs } };
  });
}

/** @returns When each run has ended, ms, and how long its suites waited at machines. */
async function together(runs, tellsRuns) {
  const clock = new Clock();
  const machines = Array.from(
    { length: machineCount },
    (_, n) => new SimulatedMachine(clock, `m${n}`, tellsRuns),
  );
  const all = runs.map((run) => new SimulatedRun(clock, run, machines));
  await clock.run(() => all.every(({ endMs }) => endMs !== undefined));
  return all.map(({ endMs, waitedMs }) => ({ endMs, waitedMs }));
}

async function oneByOne(runs) {
  let freeMs = 0;
  const ends = [];
  for (const run of runs) {
    const [{ endMs, waitedMs }] = await together([{ ...run, atMs: 0 }], true);
    freeMs = Math.max(freeMs, run.atMs ?? 0) + endMs;
    ends.push({ endMs: freeMs, waitedMs });
  }
  return ends;
}

const mean = (numbers) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

async function compare(what, makeRuns) {
  const modes = [
    ['one by one', oneByOne],
    ['turns alone', (runs) => together(runs, false)],
    ['as it is', (runs) => together(runs, true)],
  ];
  for (const [name, mode] of modes) {
    const rows = [];
    for (let seed = 1; seed <= seeds; seed++) {
      const runs = makeRuns(seed);
      const ends = await mode(runs);
      const workMs = runs.flatMap(({ suites }) => suites).reduce((sum, { trueMs }) => sum + trueMs, 0);
      const turnaround = ends.map(({ endMs }, index) => endMs - (runs[index].atMs ?? 0));
      const stretch = turnaround.map((ms, index) => {
        const ownMs = runs[index].suites.reduce((sum, { trueMs }) => sum + trueMs, 0);
        return ms / (ownMs / (machineCount * places));
      });
      rows.push([
        Math.max(...ends.map(({ endMs }) => endMs)) / (workMs / (machineCount * places)),
        mean(turnaround) / 1000,
        Math.max(...stretch),
        Math.max(...stretch) / Math.min(...stretch),
        ends.reduce((sum, { waitedMs }) => sum + waitedMs, 0) / workMs,
      ]);
    }
    const cells = [0, 1, 2, 3, 4].map((column) =>
      mean(rows.map((row) => row[column]))
        .toFixed(2)
        .padStart(9),
    );
    console.log(`${what.padEnd(34)}${name.padEnd(13)}${cells.join('')}`);
  }
}

console.log(`${machineCount} machines of ${places} places, ${seeds} seeds
total: end of the last run over the work of all on all places; mean: from the start of a run to its end, s; slowest: time of the
run that fared worst over its own work on all places; unfair: that over the run that fared best; waited: of suites at machines,
over their work\n`);
console.log(
  `${''.padEnd(47)}${['total', 'mean', 'slowest', 'unfair', 'waited'].map((text) => text.padStart(9)).join('')}`,
);
for (const count of [2, 4, 8])
  await compare(`${count} equal runs at once`, (seed) =>
    Array.from({ length: count }, (_, n) => ({
      name: `r${n}`,
      suites: suitesOf(suiteCount, 100 * seed + n),
    })),
  );
await compare('a short run comes to a long one', (seed) => [
  { name: 'long', suites: suitesOf(4 * suiteCount, 100 * seed) },
  { name: 'short', suites: suitesOf(suiteCount / 4, 100 * seed + 1), atMs: 10_000 },
]);
await compare('priority 3 beside priority 1', (seed) => [
  { name: 'usual', suites: suitesOf(2 * suiteCount, 100 * seed) },
  { name: 'urgent', weight: 3, suites: suitesOf(2 * suiteCount, 100 * seed + 1) },
]);
