import { checks, type Examined, type Finding } from '../../detect/checks.js';
import { detectMachine } from '../../detect/detect.js';
import { lazyProbeNames } from '../../detect/lazy-probes.js';
import { liveHost } from '../../detect/live-host.js';
import { recordedHost } from '../../detect/recorded-host.js';
import type { Command } from '../command.js';

export const doctor: Command = {
  summary: 'says what is wrong on this machine and how to repair it',
  flags: {
    json: { summary: 'print the findings as JSON' },
    machine: { summary: 'what you say about the machine; default: JEST_HARDWARE_MACHINE', value: 'FILE' },
    browsers: {
      summary: "also compute in the installed browsers, with Node's webgpu package and ONNX Runtime",
    },
    host: { summary: 'replay a machine recorded in a folder instead of this one', value: 'DIR' },
  },
  async run(flags, io) {
    const directory = flags.get('host');
    const recorded = directory === undefined ? undefined : recordedHost(directory);
    // A recorded machine is not described by this machine's environment.
    const fromEnv = recorded === undefined ? io.env.JEST_HARDWARE_MACHINE || undefined : undefined;
    const machineFile = flags.get('machine') ?? fromEnv;
    const machine = await detectMachine({
      ...(recorded !== undefined && { host: recorded }),
      ...(machineFile !== undefined && { machineFile }),
      refresh: true,
      lazy: flags.has('browsers') ? lazyProbeNames : [],
    });
    const host = recorded ?? liveHost();
    const findings = findingsOf({ machine, host, projectDir: host.workingDirectory });
    const usable = machine.devices.filter((device) => device.usable);
    if (flags.has('json')) io.out(`${JSON.stringify({ version: 1, findings }, undefined, 2)}\n`);
    else
      io.out(
        textOf(
          findings,
          usable.map(({ id }) => id),
        ),
      );
    return findings.some(({ severity }) => severity === 'wrong') ? 1 : 0;
  },
};

type NamedFinding = Finding & { readonly check: string };

/** What is wrong comes first. */
function findingsOf(examined: Examined): readonly NamedFinding[] {
  const found = Object.entries(checks).flatMap(([check, look]) =>
    look(examined).map((finding) => ({ check, ...finding })),
  );
  return [...found.filter(isWrong), ...found.filter((finding) => !isWrong(finding))];
}

function isWrong({ severity }: Finding): boolean {
  return severity === 'wrong';
}

function textOf(findings: readonly NamedFinding[], usable: readonly string[]): string {
  const lines = findings.map(
    ({ severity, message, remedy }) =>
      `${severity === 'wrong' ? '!' : '-'} ${message}\n${remedy === undefined ? '' : `  remedy: ${remedy}\n`}`,
  );
  const wrong = findings.filter(isWrong).length;
  const sum = `${wrong === 0 ? 'nothing is wrong' : `wrong: ${wrong}`}; notes: ${findings.length - wrong}`;
  return `${lines.join('')}${sum}; usable: ${usable.join(', ')}\n`;
}
