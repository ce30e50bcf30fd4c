/**
 * The scheduler with many machines of a fleet, on a virtual clock: CPU of a run a suite, its total time over the bound of who
 * knows all true durations (expected ones are off by ± 30 %), and what it costs that machines join a run one after another.
 * Machines of 8 models, 10 ms away, with 2 to 8 slots; suites of 5 s in the median, at most 30 s, each expected by model.
 * Usage: node bench/fleet-size.mjs [--only run|join] [MACHINES SUITES]
 */
import { loadavg } from 'node:os';
import { randomFrom } from './instances.mjs';
import { source } from './source.mjs';

const { defaultProfile, Estimates, lowerBoundMs, Scheduler, simulate, slotsToOffer, strategies } =
  await source(
    'core/workload/profile.ts',
    'core/estimate/estimate.ts',
    'core/planner/plan.ts',
    'core/scheduler/scheduler.ts',
    'simulate/simulate.ts',
    'core/machine/machine.ts',
    'core/strategies/index.ts',
  );
const argv = process.argv.slice(2);
const only = argv.includes('--only') ? argv.splice(argv.indexOf('--only'), 2)[1] : '';
const sizes =
  argv.length === 2
    ? [argv.map(Number)]
    : [
        [10, 1000],
        [100, 10_000],
        [1000, 10_000],
        [1000, 100_000],
      ];
const models = Array.from({ length: 8 }, (_, index) => ({
  name: `Model ${index}`,
  speed: 0.5 + 0.2 * index,
}));

for (const [machines, suites] of sizes) {
  if ('run'.includes(only)) run(machines, suites);
  if ('join'.includes(only)) join(machines, suites);
}

function run(machines, count) {
  const slots = slotsOf(machines);
  const { suites, trueMs } = suitesOf(count);
  const cpuMs = cpuTime();
  const { makespanMs } = simulate({
    slots,
    suites,
    strategy: strategies.adaptive,
    truth: ({ id }, slot) => ({ durationMs: trueMs(id, slot.device.model) }),
  });
  const ms = cpuMs();
  const ratio = makespanMs / boundMs(slots, suites, trueMs);
  show(
    machines,
    count,
    `${(ms / count).toFixed(2)} ms of CPU a suite, total time ${ratio.toFixed(3)} × the bound`,
  );
}

/** A slot comes each 5 ms, as many as 50 machines a second have. */
function join(machines, count) {
  const slots = slotsOf(machines);
  const scheduler = new Scheduler({
    strategy: strategies.adaptive,
    unsatisfiable: { action: 'fail' },
    retryLost: true,
    estimates: new Estimates(),
  });
  for (const suite of suitesOf(count).suites) scheduler.handle({ type: 'suite-queued', atMs: 0, suite });
  scheduler.handle({ type: 'machine-awaited', atMs: 0, machine: 'the fleet', address: 'redis://localhost' });
  scheduler.handle({ type: 'run-opened', atMs: 0 });
  const cpuMs = cpuTime();
  for (const [index, slot] of slots.entries()) scheduler.handle({ type: 'slot-up', atMs: 5 * index, slot });
  show(machines, count, `${(cpuMs() / slots.length).toFixed(1)} ms of CPU for each slot that joins`);
}

function show(machines, suites, text) {
  const peak = `peak ${Math.round(process.resourceUsage().maxRSS / 1024)} MB`;
  console.log(`${machines} machines, ${suites} suites: ${text} (${peak}, load ${loadavg()[0].toFixed(1)})`);
}

function slotsOf(machines) {
  return Array.from({ length: machines }, (_, index) => {
    const model = index % models.length;
    const memoryBudgetBytes = 2 ** 33 * (1 + (model % 4)) - 4096 * (index % 7);
    const cpu = { id: 'cpu', class: 'cpu', model: models[model].name, memoryBytes: memoryBudgetBytes };
    const labels = {
      backends: [],
      features: [],
      precisions: [],
      usable: true,
      software: false,
      evidence: {},
    };
    const facts = { name: `m${index}`, platform: 'linux', arch: 'x64', cpuBudget: 2 + 2 * (model % 4) };
    const machine = {
      version: 1,
      machine: { ...facts, memoryBudgetBytes },
      devices: [{ ...cpu, ...labels }],
    };
    return slotsToOffer(machine).map((slot) => ({ ...slot, leadMs: 10 }));
  }).flat();
}

function suitesOf(count) {
  const random = randomFrom(7);
  const factors = new Map();
  const suites = Array.from({ length: count }, (_, index) => {
    const ms = Math.min(30_000, 5000 * Math.exp(random.normal()));
    factors.set(`s${index}`, ms * Math.exp(0.3 * random.normal()));
    const expectedMs = Object.fromEntries(
      models.map(({ name, speed }) => [`cpu ${name}`, Math.round(ms / speed)]),
    );
    return { id: `s${index}`, fileBytes: 1000, profile: defaultProfile, expectedMs };
  });
  const speeds = new Map(models.map(({ name, speed }) => [name, speed]));
  return { suites, trueMs: (id, model) => Math.round(factors.get(id) / speeds.get(model)) };
}

/** With all machines of a model as one: no schedule is shorter, and with few pools the bound is nearly tight. */
function boundMs(slots, suites, trueMs) {
  const counts = models.map(({ name }) => slots.filter(({ device }) => device.model === name).length);
  return lowerBoundMs({
    machines: counts.map((workers, index) => ({
      name: models[index].name,
      workers,
      cpuThreads: workers,
      memoryBytes: 2 ** 50,
    })),
    pools: counts.map((count, machine) => ({
      name: models[machine].name,
      machine,
      slots: Math.max(1, count),
    })),
    suites: suites.map(({ id }) => ({ id, durationMs: models.map(({ name }) => trueMs(id, name)) })),
  });
}

function cpuTime() {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}
