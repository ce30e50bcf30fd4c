import type { RunEvent } from '../../core/events.js';
import type { Device } from '../../core/machine/machine.js';
import { printable } from '../../core/vocabulary/printable.js';
import type { AttemptSummary } from '../summary/attempts.js';
import type { SuiteSummary } from '../summary/suites.js';
import { decidingAttempt } from './attempt-facts.js';

/** No file system takes a longer path. */
const longestPath = 4096;

/**
 * @returns A function that gives the shell command to run a suite again on the devices of its last attempt, in Jest's rootDir.
 * For a suite that no device could run it gives the command that says where it can; undefined where there is none.
 */
export function repeatCommandsFor(events: readonly RunEvent[]) {
  const devices = devicesOf(events);
  return (suite: SuiteSummary): string | undefined => {
    if (suite.id.length > longestPath) return undefined;
    const { project, path } = partsOf(suite.id);
    if (suite.outcome === 'unplaceable-failed' || suite.outcome === 'unplaceable-skipped') {
      return `npx jest-runner-hardware explain ${shellWord(suite.id)}`;
    }
    const attempt = decidingAttempt(suite);
    return [
      ...(attempt === undefined ? [] : environmentOf(suite, attempt, devices)),
      'npx jest',
      ...(project === undefined ? [] : ['--selectProjects', shellWord(project)]),
      '--runTestsByPath',
      shellWord(path),
    ].join(' ');
  };
}

function devicesOf(events: readonly RunEvent[]): ReadonlyMap<string, Device> {
  const devices = new Map<string, Device>();
  for (const event of events) {
    if (event.type !== 'slot-up') continue;
    const { machine, device } = event.slot;
    devices.set(`${machine.name}/${device.id}`, device);
  }
  return devices;
}

/** `JEST_HARDWARE_ONLY` for the class, and what binds a process to these devices, such as `CUDA_VISIBLE_DEVICES`. */
function environmentOf(
  { hardware }: SuiteSummary,
  { deviceTypes }: AttemptSummary,
  devices: ReadonlyMap<string, Device>,
): readonly string[] {
  const held = deviceTypes.flatMap((type) => devices.get(type) ?? []);
  const variables = new Map<string, string[]>();
  for (const device of held) {
    for (const [name, value] of Object.entries(device.bindingEnv ?? {})) {
      variables.set(name, [...(variables.get(name) ?? []), value]);
    }
  }
  const [main] = held.filter(({ class: name }) => name !== 'cpu').concat(held);
  // A suite that asks for another class (it ran degraded) would be left out.
  const asked = hardware.some((wanted) => wanted.split(':', 1)[0] === main?.class);
  return [
    ...(main !== undefined && asked ? [`JEST_HARDWARE_ONLY=${main.class}`] : []),
    ...[...variables]
      .filter(([name]) => /^[A-Za-z_]\w*$/.test(name))
      .map(([name, values]) => `${name}=${shellWord(values.join(','))}`),
  ];
}

/** Of `<project> › <path>`. A project that Jest only numbers has no name to select it by. */
function partsOf(id: string): { readonly project?: string; readonly path: string } {
  const [project, ...rest] = id.split(' › ');
  if (project === undefined || rest.length === 0) return { path: id };
  return { ...(!/(?:^| )\d+$/.test(project) && { project }), path: rest.join(' › ') };
}

/** One word of a POSIX shell. Characters that a terminal or a CI service would obey are written as escapes (`$'…'`). */
export function shellWord(text: string): string {
  if (/^[\w./@%+=,-]+$/.test(text)) return text;
  if (printable(text) === text) return `'${text.replaceAll("'", "'\\''")}'`;
  const escaped = text.replace(
    /[^\w./@%+=,\- ]/gu,
    (character) => `\\U${(character.codePointAt(0) ?? 0).toString(16).padStart(8, '0')}`,
  );
  return `$'${escaped}'`;
}
