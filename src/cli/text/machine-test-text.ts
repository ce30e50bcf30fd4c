import { printableValue } from '../../core/vocabulary/printable.js';
import { formatBytes, formatDuration } from '../../core/vocabulary/units.js';
import type { MachineTest } from '../../remote/machine-test.js';
import { untitledTable } from '../../report/text/table.js';
import { machineText } from './machine-text.js';
import { painter, type Screen, troubleText } from './screen.js';

/** What a test of another machine has found: a line for each question, what is wrong with its remedy, and its devices. */
export function machineTestText(raw: MachineTest, screen: Screen): string {
  const { machine, ...test } = printableValue(raw);
  const paint = painter(screen);
  const isUsable = test.troubles.every(({ severity }) => severity !== 'wrong');
  const head = `${paint('bold', test.name)}  ${test.address}, ${isUsable ? 'can take part' : 'cannot take part'}\n`;
  const rows = untitledTable(rowsOf(test).map(([label, text]) => [`  ${label}`, text]));
  const troubles = test.troubles.map((trouble) =>
    troubleText(trouble, paint, trouble.severity === 'wrong' ? '!' : '-', '  '),
  );
  const devices =
    machine === undefined ? '' : indented(machineText(machine, { ...screen, width: screen.width - 2 }));
  return [head, ...rows.map((row) => `${row}\n`), ...troubles, devices === '' ? '' : '\n', devices].join('');
}

function rowsOf(test: MachineTest): readonly (readonly [string, string])[] {
  const { connectMs, link, there, clockAheadMs = 0, sync, setup } = test;
  const ms = (value: number) => formatDuration(Math.round(value));
  const rows: (readonly [string, string])[] = [];
  if (connectMs !== undefined) rows.push(['ssh', `connected in ${ms(connectMs)}`]);
  if (link !== undefined)
    rows.push(['link', `round trip ${link.roundTripMs} ms, ${(link.bytesPerMs / 1000).toFixed(1)} MB/s`]);
  if (there !== undefined) {
    const {
      nodeVersion,
      platform,
      arch,
      gitVersion = 'none',
      directory,
      freeDiskBytes,
      freeMemoryBytes,
    } = there;
    rows.push(['node', `${nodeVersion}, ${platform} ${arch}`], ['git', gitVersion]);
    const disk = freeDiskBytes === undefined ? 'unknown' : `${formatBytes(freeDiskBytes)} free`;
    rows.push(['disk', `${disk} in ${directory}`], ['memory', `${formatBytes(freeMemoryBytes)} free`]);
    const apart = ms(Math.abs(clockAheadMs));
    if (Math.abs(clockAheadMs) >= 1000)
      rows.push(['clock', `${apart} ${clockAheadMs > 0 ? 'ahead' : 'behind'}`]);
  }
  if (sync !== undefined) {
    const { treeId, isThere, files, bytes, expectedMs } = sync;
    const would = isThere
      ? 'is there already'
      : `${files} ${files === 1 ? 'file' : 'files'} would travel, ${formatBytes(bytes)}, about ${ms(expectedMs)}`;
    rows.push(['sync', `tree ${treeId.slice(0, 12)}: ${would}`]);
  }
  if (setup !== undefined) {
    const { command, isDone } = setup;
    rows.push([
      'setup',
      command === undefined
        ? 'nothing to install'
        : isDone
          ? `\`${command}\` is done`
          : `\`${command}\` would run first`,
    ]);
  }
  return rows;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
