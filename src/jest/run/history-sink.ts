import type { Config } from '@jest/types';
import type { RunPaths } from '../../config/run-paths.js';
import type { RunEvent } from '../../core/events.js';
import type { RunListener } from '../../execute/run.js';
import { updateHistory } from '../../record/history-file.js';
import { unlearnedText } from '../../record/learn.js';
import type { UnwrittenFile } from '../../record/unwritten.js';

/** Collects the events of a run and adds them to the history when the run is over. */
export class HistorySink implements RunListener {
  readonly #events: RunEvent[] = [];

  event(event: RunEvent): void {
    this.#events.push(event);
  }

  /** @returns A message for the user when the history could not be written or learns nothing from this run. */
  close({ history, project }: RunPaths, config: Config.GlobalConfig): UnwrittenFile | string | undefined {
    if (history === undefined) return undefined;
    // All shards must plan from the same history, so a shard leaves it unchanged; `merge` updates it.
    const problem = config.shard === undefined ? updateHistory(history, this.#events, project) : undefined;
    if (problem !== undefined || config.watch || config.watchAll) return problem;
    return unlearnedText(this.#events);
  }
}
