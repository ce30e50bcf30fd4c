import type { Device, MachineProblem } from '../../../core/machine/machine.js';
import type { Host, RunOutcome } from '../../../host/host.js';
import type { BackendFinding, BackendTrial, ProbeOptions } from '../../findings/probe.js';
import { keepNegativeMs, keptAnswers, subjectOf } from '../kept-answers.js';
import { type PythonAnswer, readPythonAnswer } from './answer.js';
import { candidatesOf, findingsOf, ownerOf } from './findings.js';
import { type PythonBackend, pythonFrameworks } from './frameworks.js';
import { pythonScript } from './script.js';

/** What suites that start Python get: the framework multiplies matrices on every device that it sees, in a child. */
export function pythonTrial(backend: PythonBackend): BackendTrial {
  return async (host, devices, options) => {
    const command = options.python ?? usualPython(host);
    const answer = await answerOf(backend, command, host, devices, options);
    if ('remedy' in answer) return nowhere(backend, answer, devices);
    if (answer.failure !== undefined && answer.devices.length === 0) {
      const reason = `${answer.python.executable || command}: ${answer.failure}`;
      const remedy = `install ${pythonFrameworks[backend].package} for ${command}, or ${another}`;
      return nowhere(backend, { reason, remedy }, devices);
    }
    const backendFindings = findingsOf(backend, answer, devices);
    return { backendFindings, problems: problemsOf(backend, answer, backendFindings, devices) };
  };
}

function usualPython({ platform }: Host): string {
  return platform === 'win32' ? 'python' : 'python3';
}

interface NoAnswer {
  readonly reason: string;
  readonly remedy: string;
}

const another = 'name another Python by the option `python` or JEST_HARDWARE_PYTHON';

function nowhere(
  backend: PythonBackend,
  { reason, remedy }: NoAnswer,
  devices: readonly Device[],
): Awaited<ReturnType<BackendTrial>> {
  const backendFindings = devices
    .filter((device) => !device.backends.includes(backend))
    .map(
      ({ id }): BackendFinding => ({
        deviceId: id,
        backend,
        evidence: undefined,
        reason: `${reason}, ${remedy}`,
      }),
    );
  const message = `${pythonFrameworks[backend].title} does not compute: ${reason}`;
  return { backendFindings, problems: [{ message, remedy }] };
}

/** Of devices that the framework saw and could not use; what it does not see may be nobody's wish. */
function problemsOf(
  backend: PythonBackend,
  answer: PythonAnswer,
  findings: readonly BackendFinding[],
  devices: readonly Device[],
): readonly MachineProblem[] {
  const remedy = `try it by hand with ${answer.python.executable}, or declare the device in a machine file`;
  const failed = answer.devices.flatMap(({ kind, index, failure }) =>
    failure === null
      ? []
      : [{ message: `${ownerOf(backend, answer)} does not compute on ${kind}:${index}: ${failure}`, remedy }],
  );
  const unseen = findings.flatMap((finding): MachineProblem[] => {
    const id = 'deviceId' in finding ? finding.deviceId : '';
    const device = devices.find((each) => each.id === id);
    return device?.class === 'gpu' && finding.reason !== undefined && failed.length === 0
      ? [{ message: `${id} (${device.model}) is not used by ${finding.reason}`, remedy }]
      : [];
  });
  const stopped =
    answer.failure === undefined
      ? []
      : [{ message: `${ownerOf(backend, answer)}: ${answer.failure}`, remedy }];
  return [...failed, ...unseen, ...stopped];
}

/** The kept or a new answer, or why there is none. */
async function answerOf(
  backend: PythonBackend,
  command: string,
  host: Host,
  devices: readonly Device[],
  options: ProbeOptions,
): Promise<PythonAnswer | NoAnswer> {
  const kept = keptAnswers(options.cacheDirectory, !options.refresh);
  const environment = masksOf(devices);
  const subject = subjectOf(
    host,
    command,
    environment,
    pythonScript.length,
    pythonVariables(host),
    deviceFacts(devices),
  );
  const known = readKept(host, kept.get(`python-${backend}`, subject));
  if (known !== undefined) return known;
  const { timeoutMs, signal } = options;
  const args = ['-W', 'ignore', '-c', pythonScript, backend, JSON.stringify(environment)];
  const outcome = await host.run(command, args, { timeoutMs, signal, isAnswer: () => false });
  const said = outcome.status === 'ok' ? readPythonAnswer(outcome.stdout) : undefined;
  if (said === undefined) return noAnswer(outcome, command, timeoutMs);
  const logged = loggedAboutGpus(outcome.stderr);
  const answer = { ...said, ...(logged !== undefined && { logged }) };
  const text = JSON.stringify({ answer, stamps: stampsOf(host, answer) });
  const keepMs = lifetimeMs(answer);
  if (keepMs > 0) kept.set(`python-${backend}`, subject, text, keepMs);
  return answer;
}

function noAnswer({ status, stderr }: RunOutcome, command: string, timeoutMs: number): NoAnswer {
  const said = stderr.trim().split('\n').at(-1)?.trim().slice(0, 200);
  const reasons = {
    absent: 'was not found',
    timeout: `did not end within ${timeoutMs / 1000} s`,
    ok: 'printed something else than an answer',
    error: `ended: ${said || 'without a message'}`,
  } satisfies Record<RunOutcome['status'], string>;
  const remedy = `${status === 'absent' ? 'install it' : 'try it by hand'}, or ${another}`;
  return { reason: `${command} ${reasons[status]}`, remedy };
}

/** Frameworks go on with the CPU where they cannot load their part for GPUs: the reason stands in their log alone. */
function loggedAboutGpus(stderr: string): string | undefined {
  const lines = stderr.split('\n').map((line) => line.trim());
  return lines.find((line) => /\b(GPUs?|CUDA|ROCm|dlopen|plugin)\b/i.test(line))?.slice(0, 300);
}

/** Memory that others hold now may be free when the suite runs. */
function lifetimeMs({ devices, failure }: PythonAnswer): number {
  const failures = [...devices.map((device) => device.failure), failure].filter(
    (each) => typeof each === 'string',
  );
  if (failures.some((text) => /memory/i.test(text))) return 0;
  return failures.length === 0 ? Infinity : keepNegativeMs;
}

/** Makes the order in which CUDA numbers GPUs ours; masks of other makers stay as they are outside. */
function masksOf(devices: readonly Device[]): Readonly<Record<string, string>> {
  const masks = candidatesOf('cuda', devices).map(({ bindingEnv }) => bindingEnv?.CUDA_VISIBLE_DEVICES);
  if (masks.length === 0 || masks.includes(undefined)) return {};
  return { CUDA_DEVICE_ORDER: 'PCI_BUS_ID', CUDA_VISIBLE_DEVICES: masks.join(',') };
}

function deviceFacts(devices: readonly Device[]) {
  return devices.map(({ id, model, uuid, usable }) => [id, model, uuid, usable]);
}

/** Which Python a name means, and what it imports. */
function pythonVariables({ env }: Host) {
  const names = [
    'PATH',
    'PYTHONPATH',
    'PYTHONHOME',
    'VIRTUAL_ENV',
    'CONDA_PREFIX',
    'PYENV_VERSION',
    'LD_LIBRARY_PATH',
  ];
  return [...names, 'JAX_PLATFORMS', 'HIP_VISIBLE_DEVICES', 'HSA_OVERRIDE_GFX_VERSION'].map(
    (name) => env[name],
  );
}

function stampsOf(host: Host, { places }: PythonAnswer): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(places.map((place) => [place, host.stampOf(place)]));
}

/** Undefined where something was installed or removed since. */
function readKept(host: Host, text: string | undefined): PythonAnswer | undefined {
  if (text === undefined) return undefined;
  try {
    const { answer, stamps } = JSON.parse(text) as {
      answer: unknown;
      stamps: Readonly<Record<string, string>>;
    };
    const checked = readPythonAnswer(JSON.stringify(answer));
    return checked !== undefined && JSON.stringify(stampsOf(host, checked)) === JSON.stringify(stamps)
      ? checked
      : undefined;
  } catch {
    return undefined;
  }
}
