import { printable, printableJson } from '../../core/vocabulary/printable.js';
import { UsageError } from '../../core/vocabulary/usage-error.js';
import { detectMachine } from '../../detect/detect.js';
import { recordedHost } from '../../host/recorded.js';
import type { Command } from '../command.js';
import { describedMachine } from '../described-machine.js';
import { askedProbes, backendsFlag } from '../flags/asked-probes.js';
import { evidenceText } from '../text/evidence-text.js';
import { machineText } from '../text/machine-text.js';
import { plainScreen } from '../text/screen.js';

export const detectCommand: Command = {
  summary: 'shows the devices of this machine, and how much CPU and memory a run may use',
  flags: {
    json: { summary: 'print the machine as JSON, in the format of a machine file' },
    machine: {
      summary:
        'machine file that describes this machine; default: JEST_HARDWARE_MACHINE, else the option machine',
      value: 'FILE',
    },
    config: {
      summary: 'Jest config that holds the option machine; default: the one Jest finds',
      value: 'FILE',
    },
    host: { summary: 'examine a recorded machine from this folder instead of this machine', value: 'DIR' },
    browsers: {
      summary: 'also test the installed browsers, the npm package webgpu and ONNX Runtime',
    },
    backends: backendsFlag,
    calibrate: {
      summary: 'measure the speed of the CPU (0.2 s), with --browsers also of GPUs, and keep the result',
    },
    refresh: { summary: 'ask every tool again instead of using cached answers' },
    explain: { summary: 'show every fact and the evidence for it' },
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
