import { UsageError } from '../../core/vocabulary/usage-error.js';
import { detectMachine } from '../../detect/detect.js';
import { recordedHost } from '../../host/recorded.js';
import { printable, printableJson } from '../../report/text/printable.js';
import { askedProbes, backendsFlag } from '../asked-probes.js';
import type { Command } from '../command.js';
import { describedMachine } from '../described-machine.js';
import { evidenceText } from '../evidence-text.js';
import { machineText } from '../machine-text.js';
import { plainScreen } from '../screen.js';

export const detect: Command = {
  summary: 'shows the devices and budgets of this machine',
  flags: {
    json: { summary: 'print the machine as JSON, in the shape of a machine file' },
    machine: {
      summary: 'what you say about the machine; default: JEST_HARDWARE_MACHINE, else the option machine',
      value: 'FILE',
    },
    config: { summary: "Jest's config, for the option machine; default: Jest finds it", value: 'FILE' },
    host: { summary: 'replay a machine recorded in a folder instead of this one', value: 'DIR' },
    browsers: {
      summary: "also compute in the installed browsers, with Node's webgpu package and ONNX Runtime",
    },
    backends: backendsFlag,
    calibrate: { summary: 'measure how fast the CPU computes (0.2 s), with --browsers their GPUs too; kept' },
    refresh: { summary: 'ask every tool again instead of using kept answers' },
    explain: { summary: 'show the value of every label and the evidence for it' },
  },
  async run(flags, io) {
    const hostDirectory = flags.get('host');
    if (hostDirectory !== undefined && flags.has('calibrate')) {
      throw new UsageError({
        message: '`--calibrate` measures this machine, not one that was recorded',
        remedy: 'leave out `--host` or `--calibrate`',
      });
    }
    const { problem, ...described } = await describedMachine(flags, io.env);
    if (problem !== undefined) io.err(`${printable(problem)}\n`);
    const machine = await detectMachine({
      ...(hostDirectory !== undefined && { host: recordedHost(hostDirectory) }),
      ...described,
      refresh: flags.has('refresh'),
      calibrate: flags.has('calibrate'),
      sensors: true,
      lazy: askedProbes(flags),
    });
    if (flags.has('json')) io.out(`${printableJson(machine)}\n`);
    else {
      const text = machineText(machine, io.screen ?? plainScreen);
      io.out(flags.has('explain') ? text + evidenceText(machine) : text);
    }
  },
};
