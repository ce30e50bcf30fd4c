import { parseOptions } from '../../src/config/options.js';
import { strategyNames } from '../../src/core/strategies/index.js';
import { formatBytes } from '../../src/core/vocabulary/units.js';
import { UsageError } from '../../src/core/vocabulary/usage-error.js';
import { builtInWorkloads } from '../../src/core/workload/built-in.js';
import { pragmas } from '../../src/core/workload/pragmas.js';
import { defaultProfile } from '../../src/core/workload/profile.js';
import { section, tableOf, textOf } from './pages.js';

describe('tables say what the code says', () => {
  test('pragmas', () => {
    const rows = Object.entries(pragmas).map(([name, { expected, doc }]) => [`\`@${name}\``, expected, doc]);
    expect(tableOf('docs/pragmas.md', '| pragma |')).toEqual(rows);
  });

  test('built-in workloads', () => {
    const rows = Object.entries(builtInWorkloads).map(([name, { part }]) => {
      const { hardware, preferredMemoryBytes, batchSizes, optimalBatchSize, sensitivity } = {
        ...defaultProfile,
        ...part,
      };
      return [
        `\`${name}\``,
        hardware.map((alternative) => alternative.class).join(', '),
        preferredMemoryBytes === undefined ? '–' : formatBytes(preferredMemoryBytes),
        batchSizes.length === 0 ? '–' : `${batchSizes.join(', ')} (best ${optimalBatchSize})`,
        sensitivity ?? '–',
      ];
    });
    expect(tableOf('docs/pragmas.md', '| workload |')).toEqual(rows);
  });

  test('options, with the comments that editors show', () => {
    const source = textOf('src/config/options.ts');
    const [, body = ''] = /export interface HardwareOptionsInput \{\n(.*?)\n\}/s.exec(source) ?? [];
    const rows = [...body.matchAll(/\/\*\* (.*) \*\/\n {2}readonly (\w+)\?:/g)].map(([, doc, name]) => [
      `\`${name}\``,
      doc,
    ]);
    expect(tableOf('docs/options.md', '| option |')).toEqual(rows);
    expect(rows.map(([name]) => name?.replaceAll('`', ''))).toEqual(acceptedOptions());
  });

  test('environment variables', () => {
    const sources = ['src/config/environment.ts', 'src/remote/fleet-credentials.ts', 'src/placement.cts']
      .map(textOf)
      .join();
    const rows = tableOf('docs/options.md', '| variable |').map(([name]) => name);
    const names = new Set(sources.match(/\bJEST_HARDWARE\w*/g));
    expect(new Set(rows)).toEqual(new Set([...names].map((name) => `\`${name}\``)));
  });

  test('variables that suites get', () => {
    const sources = ['src/execute/process-environment.ts', 'src/core/machine/device-mask.ts']
      .map(textOf)
      .join();
    const names = new Set(sources.match(/\b[A-Z]+_[A-Z_]+\b/g));
    expect(names.size).toBeGreaterThan(8);
    const processes = section('docs/in-tests.md', '## The process of a suite');
    for (const name of names) expect(processes).toContain(`\`${name}\``);
  });

  test('strategies', () => {
    const rows = tableOf('docs/options.md', '| strategy |').map(([name]) => name);
    expect(new Set(rows)).toEqual(new Set(strategyNames.map((name) => `\`${name}\``)));
  });
});

/** The names that the check of the options knows. */
function acceptedOptions(): readonly string[] {
  try {
    parseOptions({ unheardOf: true }, 'a config');
  } catch (error) {
    if (error instanceof UsageError) return error.problems[0]?.expected?.split(', ') ?? [];
  }
  return [];
}
