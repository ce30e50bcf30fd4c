import type { Evidence } from '../../core/machine/machine.js';
import {
  type Architecture,
  type Feature,
  features,
  type Precision,
  precisions,
  type Vendor,
} from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { raplPackagesOf } from '../../sensors/rapl.js';
import { cpuBackendsOf } from '../backends/frameworks.js';
import { memoryBudgetOf } from '../budget/budget.js';
import { deviceOf, type Sourced, sourced } from '../findings/device-draft.js';
import type { Probe } from '../findings/probe.js';
import {
  type CpuinfoFacts,
  featureFlags,
  nameIn,
  parseCpuinfo,
  precisionFlags,
  vendorIn,
} from '../system/cpuinfo.js';
import { abilitiesByModel, threadsByModel } from './microarchitecture.js';
import { type SystemAnswer, systemAnswerOf } from './system-answer.js';
import { boardOf, smtEvidenceOf } from './topology.js';

/** The CPU every run has. Linux tells through files; elsewhere Node's own facts, then a library, are asked. */
export const cpu: Probe = async (host, options) => {
  const facts = parseCpuinfo(host.readFile('/proc/cpuinfo') ?? '');
  const [model, answer] = await Promise.all([modelOf(host, facts), systemAnswerOf(host, options)]);
  const told = facts.flags.size > 0 ? {} : abilitiesOf(host, model?.value ?? '', answer);
  const memory = memoryBudgetOf(host);
  const device = deviceOf({
    id: 'cpu',
    class: 'cpu',
    usable: true,
    software: false,
    vendor: vendorOf(facts, model),
    architecture: architectureOf(host),
    model,
    memoryBytes: { value: memory.amount, evidence: memory.evidence },
    maxFrequencyMHz: frequencyOf(host, facts),
    ratedWatts: packageLimitOf(host),
    backends: cpuBackendsOf(host, options.projectDir),
    precisions: { ...precisionsOf(facts), ...pick(precisions, told) },
    features: { ...featuresOf(host, facts), ...pick(features, told) },
  });
  return { devices: [device], problems: [] };
};

const cpuinfo = '/proc/cpuinfo';

async function modelOf(host: Host, facts: CpuinfoFacts): Promise<Sourced<string> | undefined> {
  const graviton = gravitonOf(host, facts);
  if (graviton !== undefined) return graviton;
  const board = boardSourceOf(host, facts);
  if (facts.model !== undefined) {
    return board === undefined
      ? sourced(facts.model, 'probed', cpuinfo)
      : sourced(`${board.name} (${facts.model})`, 'probed', board.source);
  }
  if (board !== undefined) return sourced(board.name, 'probed', board.source);
  const named = nameIn(host.cpuModel());
  if (named !== undefined) return sourced(named, 'probed', 'os.cpus() of Node.js');
  const fallback = await host.cpuFallback();
  const asked = nameIn(`${fallback?.manufacturer ?? ''} ${fallback?.model ?? ''}`);
  return asked === undefined ? undefined : sourced(asked, 'probed', 'systeminformation cpu()');
}

/** Systems on a chip are known by their board. Servers and PCs have no device tree, and POWER's names a machine type. */
function boardSourceOf(
  host: Host,
  { board }: CpuinfoFacts,
): { readonly name: string; readonly source: string } | undefined {
  if (!['arm', 'arm64', 'riscv64', 'loong64', 'mips', 'mipsel'].includes(host.arch)) return undefined;
  if (board !== undefined) return { name: board, source: cpuinfo };
  const name = nameIn(boardOf(host));
  return name === undefined ? undefined : { name, source: `/proc/device-tree/model and ${cpuinfo}` };
}

/** Amazon's server CPUs name only ARM's cores; the firmware says whose machine it is. */
function gravitonOf(host: Host, facts: CpuinfoFacts): Sourced<string> | undefined {
  const generations = { 'Neoverse-N1': 2, 'Neoverse-V1': 3, 'Neoverse-V2': 4, 'Neoverse-V3': 5 } as Record<
    string,
    number
  >;
  const generation = generations[facts.model ?? ''];
  const source = '/sys/class/dmi/id/sys_vendor';
  if (generation === undefined || host.readFile(source)?.trim() !== 'Amazon EC2') return undefined;
  return sourced(`AWS Graviton${generation} (${facts.model})`, 'inferred', `${cpuinfo} and ${source}`);
}

function vendorOf(facts: CpuinfoFacts, model: Sourced<string> | undefined): Sourced<Vendor> | undefined {
  const named = vendorIn(model?.value ?? '');
  if (named !== undefined && (facts.vendor === undefined || named === 'amazon')) {
    return sourced(named, 'inferred', `model ${model?.value}`);
  }
  return facts.vendor && sourced(facts.vendor, 'probed', cpuinfo);
}

/** Of the fastest cores, where a CPU has several kinds. */
function frequencyOf(host: Host, { clockMHz }: CpuinfoFacts): Sourced<number> | undefined {
  const directory = '/sys/devices/system/cpu/cpufreq';
  const kilohertz = host
    .readDirectory(directory)
    .map((policy) => Number(host.readFile(`${directory}/${policy}/cpuinfo_max_freq`)?.trim() ?? 0))
    .filter((each) => each > 0);
  if (kilohertz.length > 0) {
    return sourced(Math.round(Math.max(...kilohertz) / 1000), 'probed', `${directory} cpuinfo_max_freq`);
  }
  // A virtual machine's clock does not change.
  return clockMHz === undefined ? undefined : sourced(clockMHz, 'inferred', `${cpuinfo}, the clock just now`);
}

/** Boards that set no limit say 4095 W; no package draws this much. */
const noLimitWatts = 1000;

/** What the firmware lets all packages draw for long; undefined where it limits one of them to nothing. */
function packageLimitOf(host: Host): Sourced<number> | undefined {
  const limits = raplPackagesOf(host).map(
    (directory) => Number(host.readFile(`${directory}/constraint_0_power_limit_uw`)?.trim() ?? 0) / 1e6,
  );
  const limited = limits.length > 0 && limits.every((watts) => watts > 0 && watts < noLimitWatts);
  const sum = limits.reduce((total, watts) => total + watts, 0);
  return limited ? sourced(sum, 'probed', 'RAPL constraint_0_power_limit_uw') : undefined;
}

const architectureWords: Readonly<Record<string, Architecture>> = {
  x64: 'x86_64',
  ia32: 'x86',
  arm64: 'arm64',
  arm: 'arm',
  ppc64: 'ppc64',
  ppc: 'ppc',
  mips: 'mips',
  mipsel: 'mips',
  riscv64: 'riscv',
  s390x: 's390x',
  loong64: 'loongarch',
};

function architectureOf(host: Host): Sourced<Architecture> | undefined {
  const word = architectureWords[host.arch];
  return word && sourced(word, 'probed', 'process.arch');
}

/** What the instruction set itself guarantees, where flags cannot be read. */
const baseline: Readonly<Record<string, readonly Feature[]>> = { x64: ['simd'], arm64: ['simd', 'neon'] };

function featuresOf(host: Host, facts: CpuinfoFacts): Partial<Record<Feature, Evidence>> {
  const spec = (baseline[host.arch] ?? []).map((word) => [
    word,
    { confidence: 'spec', source: `every ${host.arch} CPU has it` } satisfies Evidence,
  ]);
  const smt: Evidence | undefined = facts.smt
    ? { confidence: 'probed', source: `${cpuinfo} siblings > cpu cores` }
    : smtEvidenceOf(host);
  return {
    ...Object.fromEntries(spec),
    ...labelsByFlag(featureFlags, facts.flags),
    ...(smt && { smt }),
  };
}

type Abilities = Partial<Record<Feature | Precision, Evidence>>;

/** Where the system lists no flags: what it answers, and of what it does not tell, what every CPU of this model has. */
function abilitiesOf(host: Host, model: string, answer: SystemAnswer | undefined): Abilities {
  const labels = answer?.labels ?? {};
  const told = Object.entries(labels)
    .filter(([, has]) => has)
    .map(([word]) => [word, { confidence: 'probed', source: answer?.source ?? '' } satisfies Evidence]);
  const known = abilitiesByModel(model, host.arch);
  const threads = threadsByModel(model, host);
  const byModel = [
    ...[...(known?.features ?? []), ...(known?.precisions ?? [])].map(
      (word) => [word, known?.source ?? ''] as const,
    ),
    ...(threads === undefined ? [] : ([['smt', threads]] as const)),
  ]
    .filter(([word]) => labels[word] === undefined)
    .map(([word, source]) => [word, { confidence: 'spec', source } satisfies Evidence]);
  return Object.fromEntries([...told, ...byModel]) as Abilities;
}

function pick<Word extends Feature | Precision>(
  words: readonly Word[],
  abilities: Abilities,
): Partial<Record<Word, Evidence>> {
  const found = words.flatMap((word) => (abilities[word] ? [[word, abilities[word]]] : []));
  return Object.fromEntries(found) as Partial<Record<Word, Evidence>>;
}

function precisionsOf(facts: CpuinfoFacts): Partial<Record<Precision, Evidence>> {
  const spec: Evidence = { confidence: 'spec', source: 'every CPU computes it' };
  return { fp64: spec, fp32: spec, int8: spec, ...labelsByFlag(precisionFlags, facts.flags) };
}

function labelsByFlag<Word extends string>(
  table: Readonly<Record<Word, readonly string[]>>,
  flags: ReadonlySet<string>,
): Partial<Record<Word, Evidence>> {
  const labels: Partial<Record<Word, Evidence>> = {};
  for (const [word, proofs] of Object.entries(table) as [Word, readonly string[]][]) {
    const proof = proofs.find((flag) => flags.has(flag));
    if (proof !== undefined) labels[word] = { confidence: 'probed', source: `${cpuinfo} ${proof}` };
  }
  return labels;
}
