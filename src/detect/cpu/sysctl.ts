import type { SystemAnswer } from './system-answer.js';

/** Names below `hw.optional` that macOS gives 1 or 0, on Intel and on Apple chips. */
const names = {
  avx: ['avx1_0'],
  avx2: ['avx2_0'],
  avx512: ['avx512f'],
  tsx: ['rtm', 'hle'],
  neon: ['neon', 'AdvSIMD'],
  fp16: ['arm.FEAT_FP16', 'neon_fp16'],
  bf16: ['arm.FEAT_BF16'],
} as const;

/** What `sysctl hw.physicalcpu hw.logicalcpu hw.optional` says of the CPU; undefined when the text is no such answer. */
export function parseSysctl(text: string): SystemAnswer | undefined {
  const values = new Map(
    text.split('\n').flatMap((line): [string, number][] => {
      const [, name, value] = /^(hw\.[\w.]+): (\d{1,9})$/.exec(line.trim()) ?? [];
      return name === undefined ? [] : [[name, Number(value)]];
    }),
  );
  if (values.size === 0) return undefined;
  const labels: Partial<Record<string, boolean>> = {};
  for (const [word, keys] of Object.entries(names)) {
    const told = keys.map((key) => values.get(`hw.optional.${key}`)).filter((value) => value !== undefined);
    if (told.length > 0) labels[word] = told.some((value) => value > 0);
  }
  const [cores = 0, threads = 0] = [values.get('hw.physicalcpu'), values.get('hw.logicalcpu')];
  if (cores > 0 && threads > 0) labels.smt = threads > cores;
  return { labels, source: 'sysctl hw.optional, hw.logicalcpu' };
}
