import type { Config } from '@jest/types';
import type { RunPaths } from '../../config/run-paths.js';
import type { RunEvent } from '../../core/events.js';
import type { RunListener } from '../../execute/run.js';
import { updateHistory } from '../../record/history-file.js';
import { unlearnedText } from '../../record/learn.js';

/** Teaches the history what a run measured, once the run is over. */
export class HistorySink implements RunListener {
  readonly #events: RunEvent[] = [];

  event(event: RunEvent): void {
    this.#events.push(event);
  }

  /** @returns What a person should know: the history cannot be written, or learns nothing of this run. */
  close({ history, project }: RunPaths, config: Config.GlobalConfig): string | undefined {
    if (history === undefined) return undefined;
    // Shards must go on planning from one history: `merge` teaches it.
    const problem = config.shard === undefined ? updateHistory(history, this.#events, project) : undefined;
    if (problem !== undefined || config.watch || config.watchAll) return problem;
    return unlearnedText(this.#events);
  }
}
