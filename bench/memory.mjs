/**
 * Suites that together need more memory than there is: in a control group when one can be made (as root on Linux), where
 * the kernel kills what goes over; else with a small budget declared in a machine file, which only we keep to.
 */
import { compare } from './measure.mjs';
import { memoryCgroup } from './memory-cgroup.mjs';
import { hungrySuites, workspace } from './projects.mjs';
import { flags, heading, reportComparison } from './report.mjs';

const mebibyte = 2 ** 20;
const limitBytes = 900 * mebibyte;
const bytesEach = 400 * mebibyte;

heading(`8 suites of ${bytesEach / mebibyte} MiB each, four workers, ${limitBytes / mebibyte} MiB of memory`);
const root = workspace();
const group = memoryCgroup(limitBytes);
const limited = 'within' in group;
if (!limited)
  console.error(
    `No control group (${group.reason}): the budget is declared, the kernel does not enforce it.`,
  );
const budget = { machine: { memoryBudgetBytes: limitBytes } };
const options = limited ? {} : { machine: budget };
const variants = {
  'declared with @host-memory': hungrySuites(root, 'declared', { bytesEach, declared: true, options }),
  'not declared, without history': hungrySuites(root, 'unknown', { bytesEach, declared: false, options }),
  'not declared, with history': hungrySuites(root, 'learned', { bytesEach, declared: false, options }),
};
try {
  for (const [name, { jest }] of Object.entries(variants)) {
    if (!name.includes(flags.only)) continue;
    const side = (/** @type {'stock' | 'ours'} */ which) => {
      const command = jest(which, ['-w', '4'], { fresh: name.includes('without') });
      return limited ? { ...command, argv: group.within(command.argv) } : command;
    };
    reportComparison(
      name,
      compare({ pairs: flags.pairs, stock: side('stock'), ours: side('ours'), mayFail: true }),
    );
  }
} finally {
  if (limited) group.remove();
}
