import type { MachineProblem } from '../../core/machine/machine.js';
import type { Host, RunOutcome } from '../../host/host.js';
import type { Probe, ProbeOptions } from '../findings/probe.js';
import { nvidiaFindings } from '../nvidia/probe.js';
import { windowsAnswerOf } from './answer.js';
import { parseWindowsDevices, type WindowsDevice, type WindowsDevices } from './devices.js';
import { gpuFindings, gpuObstacle } from './gpu.js';
import { npuFindings } from './npu.js';
import { isGpu, vendorOf } from './pnp-device.js';

/** GPUs and NPUs of Windows, listed by one PowerShell. Of NVIDIA's GPUs `nvidia-smi` knows more. */
export const windows: Probe = async (host, options) => {
  if (host.platform !== 'win32') return { devices: [], problems: [] };
  const [listed, nvidia] = await Promise.all([listDevices(host, options), nvidiaFindings(host, options)]);
  if ('message' in listed) return { ...nvidia, problems: [...nvidia.problems, listed] };
  const isKnown = (device: WindowsDevice) =>
    nvidia.devices.length > 0 && vendorOf(device) === 'nvidia' && gpuObstacle(device) === undefined;
  const gpus = listed.gpus.filter((gpu) => isGpu(gpu) && !isKnown(gpu));
  const others = [
    ...gpus.map((gpu, index) => gpuFindings(gpu, `gpu${nvidia.devices.length + index}`, host, options)),
    ...listed.npus.map((npu, index) => npuFindings(npu, `npu${index}`, host, options)),
  ];
  return {
    devices: [...nvidia.devices, ...others.flatMap(({ devices }) => devices)],
    problems: [...nvidia.problems, ...others.flatMap(({ problems }) => problems)],
  };
};

/** Windows without PowerShell has no devices. */
async function listDevices(host: Host, options: ProbeOptions): Promise<WindowsDevices | MachineProblem> {
  const outcome = await windowsAnswerOf(host, options);
  if (outcome.status === 'absent') return { gpus: [], npus: [] };
  const answer = outcome.status === 'ok' ? parseWindowsDevices(outcome.stdout) : undefined;
  return answer ?? failure(outcome, options.timeoutMs);
}

function failure({ status, stderr }: RunOutcome, timeoutMs: number): MachineProblem {
  const reasons: Partial<Record<RunOutcome['status'], string>> = {
    timeout: `did not answer within ${timeoutMs / 1000} s`,
    ok: 'printed something else than the devices',
  };
  const said = stderr.trim().split('\n', 1)[0]?.slice(0, 200) || 'no message';
  return {
    message: `powershell ${reasons[status] ?? `failed: ${said}`}`,
    remedy: 'run `Get-CimInstance Win32_VideoController` by hand, or declare the GPU in a machine file',
  };
}
