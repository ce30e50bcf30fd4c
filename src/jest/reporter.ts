import type { AggregatedResult, Test, TestContext } from '@jest/test-result';
import type { Config } from '@jest/types';
import { printable } from '../core/vocabulary/printable.js';
import { showsColors } from '../host/colors.js';
import { terminalWidth } from '../host/terminal-width.js';
import { reportedRun } from '../report/formats/format.js';
import { terminalFormat } from '../report/formats/terminal.js';
import { jestPackages } from './interop.js';
import { session } from './session.js';
import { suiteId } from './suites.js';

/** The Jest reporter: prints the hardware section. It is optional, as the runner writes the record. */
export default class HardwareReporter extends jestPackages.BaseReporter {
  readonly #globalConfig: Config.GlobalConfig;
  #printed = true;

  constructor(globalConfig: Config.GlobalConfig) {
    super();
    this.#globalConfig = globalConfig;
  }

  override onRunStart(): void {
    this.#printed = false;
  }

  /** The option `showDevice`. Reporters before this one have written the suite's lines; theirs take no further text. */
  override onTestResult(test: Test): void {
    const id = suiteId(test, this.#globalConfig);
    for (const { devices } of session.runs) {
      const device = devices?.deviceOf(id);
      if (device !== undefined) this.log(`       on ${printable(device)}`);
    }
  }

  /** Jest does not come back to its reporters when it bails, or when the runner threw (`requireExecuted`). */
  override onRunComplete(_contexts?: Set<TestContext>, results?: AggregatedResult): void {
    const isCancelled = session.runs.some(({ events }) =>
      events.some(({ type }) => type === 'run-cancelled'),
    );
    if (isCancelled || results?.runExecError !== undefined) this.#print();
  }

  /** Called when all reporters have completed: the one moment that comes after Jest's own summary. */
  override getLastError(): Error | undefined {
    this.#print();
    const [error] = session.failures;
    return error === undefined || error instanceof Error ? error : new Error(String(error));
  }

  #print(): void {
    if (this.#printed) return;
    this.#printed = true;
    const color = showsColors(process.stderr);
    for (const { events, recordPath, fastPath } of session.runs) {
      const options = { color, width: terminalWidth(process.stderr), recordPath };
      this.log(terminalFormat.render(reportedRun(events), options));
      if (fastPath !== undefined) this.log(`  fast path   ${fastPath}`);
    }
  }
}
