import type { Device, Evidence, MachineProblem } from '../../core/machine/machine.js';
import type { Feature, Precision } from '../../core/vocabulary/taxonomy.js';
import type { Host, RunOutcome } from '../../host/host.js';
import { abilitiesOfGfx } from '../amd/generation.js';
import { amdModelByName } from '../amd/model-names.js';
import { physicalMemoryOf } from '../budget/budget.js';
import { deviceOf, labelsOf, type Sourced, sourced } from '../findings/device-draft.js';
import type { Probe } from '../findings/probe.js';
import { abilitiesOfIntel, intelGpuModel } from '../intel/generation.js';
import { type MacFacts, type MacGpu, parseSystemProfiler } from './system-profiler.js';

/** GPUs and the Neural Engine of a Mac, asked of `system_profiler`; where it fails, Apple's chips tell by their name. */
export const macos: Probe = async (host, { timeoutMs, signal }) => {
  if (host.platform !== 'darwin') return { devices: [], problems: [] };
  const isAnswer = (stdout: string) => parseSystemProfiler(stdout) !== undefined;
  const outcome = await host.run('system_profiler', ['SPDisplaysDataType', 'SPHardwareDataType', '-json'], {
    timeoutMs,
    signal,
    isAnswer,
  });
  const told = outcome.status === 'ok' ? parseSystemProfiler(outcome.stdout) : undefined;
  const chip = told?.chip ?? appleChipIn(host.cpuModel());
  const facts: MacFacts = { gpus: told?.gpus ?? [], ...(chip !== undefined && { chip }) };
  const gpus = gpusOf(facts, host);
  const { problems } = gpus;
  if (told === undefined && outcome.status !== 'absent') problems.push(failure(outcome, timeoutMs));
  if (chip !== undefined && host.arch === 'x64') problems.push(translated(chip));
  return { devices: [...gpus.devices, ...neuralEngineOf(chip)], problems };
};

function appleChipIn(cpuModel: string | undefined): string | undefined {
  return /^Apple [AM]\d.*/.exec(cpuModel ?? '')?.[0];
}

/** A virtual machine has a paravirtual GPU and no Neural Engine. */
function isVirtual(chip: string | undefined): boolean {
  return /\(Virtual\)/i.test(chip ?? '');
}

function gpusOf(
  { chip, gpus }: MacFacts,
  host: Host,
): { readonly devices: readonly Device[]; readonly problems: MachineProblem[] } {
  const assumed: readonly MacGpu[] =
    chip !== undefined && !isVirtual(chip) ? [{ model: chip, vendor: 'apple' }] : [];
  const problems: MachineProblem[] = [];
  const devices = (gpus.length > 0 ? gpus : assumed)
    // Without Metal and of no known maker: a frame buffer of a virtual machine.
    .filter(({ vendor, metal }) => vendor !== undefined || metal?.supported === true)
    .map((gpu, index) => {
      const id = `gpu${index}`;
      const usable = gpu.metal?.supported ?? gpu.vendor === 'apple';
      if (!usable) {
        problems.push({
          message: `${id} (${gpu.model}) cannot compute: macOS does not run Metal on it`,
          remedy: 'declare it in a machine file if it is of use in another way',
        });
      }
      const because = usable ? {} : { unusableBecause: 'cannot compute: macOS does not run Metal on it' };
      return gpuDevice(gpu, { id, usable, ...because }, host);
    });
  return { devices, problems };
}

function gpuDevice(
  gpu: MacGpu,
  state: Pick<Device, 'id' | 'usable' | 'unusableBecause'>,
  host: Host,
): Device {
  const source = 'system_profiler SPDisplaysDataType';
  const byModel: Evidence = { confidence: 'spec', source: `every GPU such as ${gpu.model}` };
  const chip = appleGenerationOf(gpu.model);
  const abilities = abilitiesOf(gpu);
  const metal: Evidence =
    gpu.metal === undefined
      ? { confidence: 'inferred', source: `the chip ${gpu.model}` }
      : { confidence: 'probed', source: gpu.metal.source };
  const cores = gpu.cores === undefined ? '' : `, ${gpu.cores} cores`;
  const isApple = gpu.vendor === 'apple';
  const memory = isApple
    ? unifiedMemory(host, chip)
    : gpu.memory && sourced(gpu.memory.bytes, 'probed', source);
  return deviceOf({
    ...state,
    class: 'gpu',
    software: false,
    vendor: gpu.vendor && sourced(gpu.vendor, 'probed', source),
    architecture: sourced('gpu-metal', metal.confidence, metal.source),
    model: sourced(gpu.model, 'probed', `${source}${cores}`),
    memoryBytes: memory,
    backends: state.usable
      ? { metal, ...(chip && { mps: { confidence: 'inferred', source: `the chip ${gpu.model}` } }) }
      : {},
    precisions: { ...labelsOf(abilities.precisions, byModel), fp32: byModel, fp16: byModel },
    features: {
      ...labelsOf(abilities.features, byModel),
      simt: byModel,
      'compute-shaders': metal,
      ...(isApple || gpu.memory?.shared ? { 'unified-memory': byModel } : {}),
      ...(gpu.memory?.shared === false && { 'dedicated-memory': byModel }),
      ...(chip && chip.number >= firstWithRayTracing[chip.series] && { 'ray-tracing': byModel }),
    },
  });
}

/** `M2 Max`, `A18 Pro`: one design, the M chips with more cores. Undefined in a guest and for other makers' GPUs. */
function appleGenerationOf(model: string): AppleGeneration | undefined {
  const [, series, number] = /^Apple ([AM])(\d+)/.exec(model) ?? [];
  return series === undefined ? undefined : { series: series as 'A' | 'M', number: Number(number) };
}

interface AppleGeneration {
  readonly series: 'A' | 'M';
  readonly number: number;
}

/** Apple GPU family 9 traces rays in hardware. Source: Metal feature set tables. */
const firstWithRayTracing = { A: 17, M: 3 } as const;

/** What the chip has on other systems too, as far as Metal lets programs use it: it knows no 64-bit floats. */
function abilitiesOf({ model, vendor, deviceId }: MacGpu): {
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
} {
  const gfx = vendor === 'amd' ? amdModelByName(model)?.gfx : undefined;
  const chip =
    vendor === 'intel'
      ? abilitiesOfIntel(deviceId === undefined ? undefined : intelGpuModel(deviceId))
      : { precisions: [], features: [], ...(gfx !== undefined && abilitiesOfGfx(gfx)) };
  return { ...chip, precisions: chip.precisions.filter((word) => word !== 'fp64') };
}

/** Metal gives a process two thirds of the memory on small machines, three quarters on large ones; nothing to a guest. */
function unifiedMemory(host: Host, chip: AppleGeneration | undefined): Sourced<number> | undefined {
  const ram = physicalMemoryOf(host)?.amount;
  if (chip === undefined || ram === undefined) return undefined;
  const [share, words] = ram > 32 * 1024 ** 3 ? [3 / 4, '3/4'] : [2 / 3, '2/3'];
  const bytes = Math.floor(ram * share);
  return sourced(bytes, 'inferred', `Metal lets a process use ${words} of the RAM`);
}

function neuralEngineOf(chip: string | undefined): readonly Device[] {
  if (chip === undefined || isVirtual(chip)) return [];
  const source = `every chip such as ${chip} has one`;
  const spec: Evidence = { confidence: 'spec', source };
  const inferred: Evidence = { confidence: 'inferred', source };
  return [
    deviceOf({
      id: 'npu0',
      class: 'npu',
      usable: true,
      software: false,
      vendor: sourced('apple', 'inferred', source),
      architecture: sourced('npu-apple', 'inferred', source),
      model: sourced(`${chip} Neural Engine`, 'inferred', source),
      backends: { coreml: inferred },
      precisions: { fp16: spec, int8: spec },
      features: { 'neural-engine': inferred, quantization: spec, 'unified-memory': spec },
    }),
  ];
}

function failure({ status, stderr }: RunOutcome, timeoutMs: number): MachineProblem {
  const reasons: Partial<Record<RunOutcome['status'], string>> = {
    timeout: `did not answer within ${timeoutMs / 1000} s`,
    ok: 'printed something else than its JSON',
  };
  const said = stderr.trim().split('\n', 1)[0]?.slice(0, 200) || 'no message';
  return {
    message: `system_profiler ${reasons[status] ?? `failed: ${said}`}`,
    remedy: 'run `system_profiler SPDisplaysDataType -json` by hand, or declare the GPU in a machine file',
  };
}

function translated(chip: string): MachineProblem {
  return {
    message: `this Node.js is built for Intel and runs on ${chip} by translation (Rosetta): slower, without native GPU packages`,
    remedy: 'install the arm64 build of Node.js',
  };
}
