import type { Device, Machine } from '../../core/machine/machine.js';
import { machineProblemOf } from '../../core/scheduler/unusable.js';
import { printableJson, printableValue } from '../../core/vocabulary/printable.js';
import { detectMachine } from '../../detect/detect.js';
import { checks, type Examined, type Finding } from '../../detect/doctor/checks.js';
import { liveHost } from '../../host/live.js';
import { recordedHost } from '../../host/recorded.js';
import type { Command } from '../command.js';
import { describedMachine } from '../described-machine.js';
import { askedProbes, backendsFlag } from '../flags/asked-probes.js';
import { painter, plainScreen, type Screen, troubleText } from '../text/screen.js';

export const doctorCommand: Command = {
  summary: 'says what is wrong with the devices of this machine, and how to repair it',
  flags: {
    json: { summary: 'print the findings as JSON' },
    machine: {
      summary:
        'machine file that describes this machine; default: JEST_HARDWARE_MACHINE, else the option machine',
      value: 'FILE',
    },
    config: {
      summary: 'Jest config that holds the option machine; default: the one Jest finds',
      value: 'FILE',
    },
    browsers: {
      summary: 'also test the installed browsers, the npm package webgpu and ONNX Runtime',
    },
    backends: backendsFlag,
    host: { summary: 'examine a recorded machine from this folder instead of this machine', value: 'DIR' },
  },
  async run(flags, io) {
    const directory = flags.get('host');
    const recorded = directory === undefined ? undefined : recordedHost(directory);
    const { problem, ...described } = await describedMachine(flags, io.env);
    const machine = await detectMachine({
      ...(recorded !== undefined && { host: recorded }),
      ...described,
      refresh: true,
      lazy: askedProbes(flags),
    });
    const host = recorded ?? liveHost();
    const { projectDir = host.workingDirectory } = described;
    const findings = [
      ...findingsOf({ machine, host, projectDir }),
      ...(problem === undefined ? [] : [unreadableConfig(problem)]),
    ];
    if (flags.has('json')) io.out(`${printableJson({ version: 1, findings })}\n`);
    else io.out(textOf(findings, machine, io.screen ?? plainScreen));
    return findings.some(({ severity }) => severity === 'wrong') ? 1 : 0;
  },
};

type NamedFinding = Finding & { readonly check: string };

function unreadableConfig(problem: string): NamedFinding {
  return {
    check: 'Jest config',
    severity: 'note',
    message: problem,
    remedy: 'correct the config, or name the machine file with `--machine`',
  };
}

/** Findings that are wrong, then notes. */
function findingsOf(examined: Examined): readonly NamedFinding[] {
  const found = Object.entries(checks).flatMap(([check, look]) =>
    look(examined).map((finding) => ({ check, ...finding })),
  );
  return [...found.filter(isWrong), ...found.filter((finding) => !isWrong(finding))];
}

function isWrong({ severity }: Finding): boolean {
  return severity === 'wrong';
}

function textOf(findings: readonly NamedFinding[], machine: Machine, screen: Screen): string {
  const paint = painter(screen);
  const lines = printableValue(findings).map(({ severity, message, remedy }) =>
    troubleText(
      { message, ...(remedy !== undefined && { remedy }) },
      paint,
      severity === 'wrong' ? '!' : '-',
    ),
  );
  const ids = (devices: readonly Device[]) => printableValue(devices.map(({ id }) => id)).join(', ');
  const wrong = findings.filter(isWrong).length;
  const unusable = machine.devices.filter((device) => !device.usable && !isCut(device, machine));
  // A device that somebody hid on purpose is no fault. Any other unusable device is, even if no check names it.
  const isFine = wrong === 0 && unusable.every((device) => machineProblemOf(device, machine) === undefined);
  const parts = [
    isFine ? 'nothing is wrong' : `wrong: ${wrong}`,
    `notes: ${findings.length - wrong}`,
    `usable: ${ids(machine.devices.filter(({ usable }) => usable))}`,
    ...(unusable.length === 0 ? [] : [`not usable: ${ids(unusable)}`]),
  ];
  return `${lines.join('')}${parts.join('; ')}\n`;
}

/** Whether the device is divided into slices, which are devices of their own (`gpu0.mig1`). */
function isCut({ id }: Device, { devices }: Machine): boolean {
  return devices.some((other) => other.id.startsWith(`${id}.`));
}
