import type { Host } from '../../host/host.js';
import type { SystemAnswer } from './system-answer.js';

/** Bits of IsProcessorFeaturePresent (winnt.h), by the instruction sets that mark a true answer. */
const processorFeatures = {
  x64: { always: 10, words: { avx: 39, avx2: 40, avx512: 41 } },
  arm64: { always: 29, words: { sve: 46 } },
} as const;

/** Older builds leave the newer bits at 0, whatever the CPU has (Windows 10, version 2004). */
const firstTruthfulBuild = 19041;

/** What the PowerShell answer says of the CPU: feature bits, cores and threads. Undefined where it says nothing. */
export function parseWindowsCpu(text: string, { arch, release }: Host): SystemAnswer | undefined {
  const { features, cores, threads } = cpuIn(text);
  const labels: Partial<Record<string, boolean>> = {};
  const known = processorFeatures[(arch === 'ia32' ? 'x64' : arch) as keyof typeof processorFeatures];
  const build = Number(release.split('.')[2] ?? 0);
  if (Array.isArray(features) && known !== undefined && features.includes(known.always)) {
    for (const [word, bit] of Object.entries(known.words)) {
      const isSet = features.includes(bit);
      if (isSet || build >= firstTruthfulBuild) labels[word] = isSet;
    }
  }
  if (isCount(cores) && isCount(threads)) labels.smt = threads > cores;
  return Object.keys(labels).length === 0
    ? undefined
    : { labels, source: 'IsProcessorFeaturePresent, Win32_Processor' };
}

function cpuIn(text: string): Readonly<Record<string, unknown>> {
  try {
    const answer = JSON.parse(text.replace(/^\uFEFF/, '')) as { readonly cpu?: unknown } | null;
    return typeof answer?.cpu === 'object' && answer.cpu !== null
      ? (answer.cpu as Record<string, unknown>)
      : {};
  } catch {
    return {};
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 2 ** 16;
}
