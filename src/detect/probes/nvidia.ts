import type { MachineProblem } from '../../core/machine.js';
import { bindingEnvOf } from '../binding.js';
import { cudaBackendsOf } from '../frameworks.js';
import type { Host, RunOutcome } from '../host.js';
import { nvidiaDevice } from '../nvidia-device.js';
import { driverDirectory, gpusOfDriver, missingForCuda } from '../nvidia-driver.js';
import {
  allFields,
  basicFields,
  type NvidiaGpu,
  type NvidiaSmiField,
  parseNvidiaSmi,
} from '../parse/nvidia-smi.js';
import type { Probe, ProbeFindings, ProbeOptions } from '../probe.js';

/** NVIDIA GPUs, asked of `nvidia-smi`, which is started only where something shows that the driver is there. */
export const nvidia: Probe = async (host, options) => {
  if (!hasEvidence(host)) return { devices: [], problems: [] };
  const answer = await query(host, options);
  const at = { host, frameworks: cudaBackendsOf(host, options.projectDir) };
  if (answer === 'absent') return findingsOf(gpusOfDriver(host), driverDirectory, at, missingForCuda(host));
  if ('gpus' in answer) return findingsOf(answer.gpus, 'nvidia-smi', at);
  // The kernel lists GPUs that the tool cannot reach: shown, never used.
  const { devices } = findingsOf(gpusOfDriver(host), driverDirectory, at, answer.message);
  return { devices, problems: [answer] };
};

/** WSL's driver puts its tool outside of PATH. */
const wslTool = '/usr/lib/wsl/lib/nvidia-smi';

function hasEvidence(host: Host): boolean {
  // There is no device node on Windows: starting the tool is the look on PATH.
  if (host.platform === 'win32') return true;
  return (
    host.platform === 'linux' &&
    (host.exists(driverDirectory) ||
      host.readDirectory('/dev').some((name) => /^(nvidia(ctl|\d+)|dxg)$/.test(name)))
  );
}

type Answer = 'absent' | MachineProblem | { readonly gpus: readonly NvidiaGpu[] };

async function query(host: Host, options: ProbeOptions): Promise<Answer> {
  for (const tool of host.exists('/dev/dxg') ? ['nvidia-smi', wslTool] : ['nvidia-smi']) {
    const first = await ask(host, tool, allFields, options);
    if (first.status === 'absent') continue;
    const rejected = first.status === 'error' && /not a valid field/i.test(first.stdout + first.stderr);
    return rejected
      ? read(await ask(host, tool, basicFields, options), basicFields, options)
      : read(first, allFields, options);
  }
  return 'absent';
}

function ask(
  host: Host,
  tool: string,
  fields: readonly NvidiaSmiField[],
  { timeoutMs, signal }: ProbeOptions,
): Promise<RunOutcome> {
  const args = [`--query-gpu=${fields.join(',')}`, '--format=csv,noheader,nounits'];
  const isAnswer = (stdout: string) => !('garbage' in parseNvidiaSmi(stdout, fields));
  return host.run(tool, args, { timeoutMs, signal, isAnswer });
}

function read(outcome: RunOutcome, fields: readonly NvidiaSmiField[], { timeoutMs }: ProbeOptions): Answer {
  const remedy = 'run `nvidia-smi` by hand and repair the driver, or declare the GPU in a machine file';
  if (outcome.status === 'timeout') {
    return { message: `nvidia-smi did not answer within ${timeoutMs / 1000} s`, remedy };
  }
  if (outcome.status !== 'ok') {
    // `No devices were found` and driver mismatches come on either stream.
    const said = (outcome.stderr.trim() || outcome.stdout.trim()).split('\n', 1)[0];
    return { message: `nvidia-smi failed: ${said?.slice(0, 200) || 'no message'}`, remedy };
  }
  const gpus = parseNvidiaSmi(outcome.stdout, fields);
  if (!('garbage' in gpus)) return { gpus };
  const found = JSON.stringify(gpus.garbage.slice(0, 80));
  return { message: `nvidia-smi printed something else than a list of GPUs: ${found}`, remedy };
}

/** @param missing What keeps every one of these GPUs from computing. */
function findingsOf(
  gpus: readonly NvidiaGpu[],
  source: string,
  { host, frameworks }: { readonly host: Host; readonly frameworks: ReturnType<typeof cudaBackendsOf> },
  missing?: string,
): ProbeFindings {
  const problems: MachineProblem[] = [];
  const devices = gpus.map((gpu, position) => {
    const id = `gpu${position}`;
    const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'gpu', vendor: 'nvidia' }, gpu, host);
    const obstacle = obstacleOf(gpu, hiddenBy, missing);
    if (obstacle !== undefined) {
      problems.push({ message: `${id} (${gpu.name}) ${obstacle.message}`, remedy: obstacle.remedy });
    }
    const state = { id, usable: obstacle === undefined, ...(bindingEnv && { bindingEnv }) };
    return nvidiaDevice(gpu, source, state, frameworks);
  });
  return { devices, problems: [...problems, ...orderProblems(gpus, host)] };
}

function obstacleOf(
  gpu: NvidiaGpu,
  hiddenBy: string | undefined,
  missing: string | undefined,
): { readonly message: string; readonly remedy: string } | undefined {
  if (missing !== undefined) {
    const remedy = "install the driver's user-space part, in a container pass the GPU with its libraries";
    return { message: `cannot compute: ${missing}`, remedy };
  }
  if (hiddenBy !== undefined) {
    const remedy = 'unset the variable or add the GPU to it';
    return { message: `is present but hidden by ${hiddenBy}`, remedy };
  }
  if (gpu.migMode === 'Enabled') {
    const remedy =
      'declare its slices in a machine file, each with "bindingEnv": {"CUDA_VISIBLE_DEVICES": "MIG-…"}';
    return { message: 'is cut into MIG slices, which are not told apart yet', remedy };
  }
  if (gpu.computeMode === 'Prohibited') {
    const remedy = `sudo nvidia-smi -i ${gpu.index} -c DEFAULT`;
    return { message: 'is in compute mode Prohibited: no process may use it', remedy };
  }
  return undefined;
}

/** CUDA numbers the fastest GPU first, nvidia-smi by PCI address: a mask of numbers over unequal GPUs is ambiguous. */
function orderProblems(gpus: readonly NvidiaGpu[], host: Host): readonly MachineProblem[] {
  const mask = host.env.CUDA_VISIBLE_DEVICES ?? '';
  const unequal = new Set(gpus.map(({ name }) => name)).size > 1;
  if (!unequal || !/^\s*\d/.test(mask) || host.env.CUDA_DEVICE_ORDER === 'PCI_BUS_ID') return [];
  return [
    {
      message: `which GPUs CUDA_VISIBLE_DEVICES=${mask} means depends on their speed; it was read in nvidia-smi's order`,
      remedy: 'set CUDA_DEVICE_ORDER=PCI_BUS_ID, or name the GPUs by UUID',
    },
  ];
}
