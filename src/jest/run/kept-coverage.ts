import { join } from 'node:path';
import type { TestEvents } from '@jest/test-result';
import type { Config } from '@jest/types';
import { messageOf } from '../../host/system-error.js';
import { type UnwrittenFile, unwritten } from '../../record/unwritten.js';
import { RawCoverageCollector } from '../../shard/merge/raw-coverage.js';
import type { Emit } from './delivery.js';

/** What a shard keeps of V8's coverage, so that `merge` can convert the sum of all shards as Jest would. */
export class KeptCoverage {
  readonly #globalConfig: Config.GlobalConfig;
  readonly #raw: RawCoverageCollector | undefined;

  constructor(globalConfig: Config.GlobalConfig) {
    const { shard, collectCoverage, coverageProvider } = globalConfig;
    this.#globalConfig = globalConfig;
    const isKept = shard !== undefined && collectCoverage && coverageProvider === 'v8';
    this.#raw = isKept ? new RawCoverageCollector() : undefined;
  }

  /** The same function, which also collects the coverage of every result that goes to Jest. */
  watched(emit: Emit): Emit {
    const raw = this.#raw;
    if (raw === undefined) return emit;
    return (name, payload) => {
      if (name === 'test-file-success') {
        const [, { v8Coverage }] = payload as TestEvents['test-file-success'];
        raw.add(v8Coverage ?? []);
      }
      return emit(name, payload);
    };
  }

  /**
   * Writes it where `merge` looks for coverage: in the directory of `coverage-final.json`, or beside the record.
   * @returns What went wrong, for a person; the run goes on without it.
   */
  write(startedAt: Date, outputDirectory: string): UnwrittenFile | string | undefined {
    const { shard, coverageDirectory, coverageReporters } = this.#globalConfig;
    if (this.#raw === undefined || shard === undefined) return undefined;
    const consequence = 'merge adds up converted coverage, whose branches are not exact';
    if (this.#raw.isTooLarge) {
      return `The raw V8 coverage of this shard is larger than 128 MiB and is not kept: ${consequence}.`;
    }
    const names = coverageReporters.map((reporter) => (Array.isArray(reporter) ? reporter[0] : reporter));
    const directory = names.includes('json') ? coverageDirectory : outputDirectory;
    try {
      this.#raw.write(directory, startedAt.toISOString(), shard.shardIndex);
      return undefined;
    } catch (error) {
      const text = `The raw V8 coverage of this shard cannot be kept (${messageOf(error)}): ${consequence}.`;
      return unwritten(join(directory, 'raw V8 coverage'), error, text);
    }
  }
}
