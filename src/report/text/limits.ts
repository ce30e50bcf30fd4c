import { formatDuration } from '../../core/vocabulary/units.js';
import type { Bottleneck } from '../summary/bottleneck.js';
import type { RunSummary } from '../summary/summary.js';

/**
 * What limited a run and what would make it shorter, one sentence each, with figures.
 * @param quoted Marks names and flags as what they are. Default: it leaves them as they are in the run.
 */
export function limitTexts(
  { bound, machines }: Pick<RunSummary, 'bound' | 'machines'>,
  quoted: (name: string) => string = (name) => name,
): readonly string[] {
  const { bottleneck, moreWorkers } = bound ?? {};
  return [
    ...(bottleneck ? [bottleneckText(bottleneck, machines.length > 1, quoted)] : []),
    ...(moreWorkers
      ? [`${quoted(`-w ${moreWorkers.workers}`)} would take ${formatDuration(moreWorkers.totalMs)}`]
      : []),
  ];
}

function bottleneckText(bottleneck: Bottleneck, isFleet: boolean, quoted: (name: string) => string): string {
  if (bottleneck.what === 'suite') {
    const { suiteId, durationMs } = bottleneck;
    return `${quoted(suiteId)} alone took ${formatDuration(durationMs)}: only splitting it makes the run shorter`;
  }
  const { devices, savedShare, totalMs } = bottleneck;
  const names = devices.map((type) => quoted(isFleet ? type : type.slice(type.indexOf('/') + 1)));
  return (
    `${names.join(', ')} ${names.length === 1 ? 'was' : 'were'} the bottleneck: ${ordinals[names.length] ?? 'one more'} ` +
    `would save ${Math.round(savedShare * 100)} % (total ${formatDuration(totalMs)})`
  );
}

const ordinals: Readonly<Record<number, string>> = { 1: 'a second one', 2: 'a third one', 3: 'a fourth one' };
