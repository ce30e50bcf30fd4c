import { farParityTests } from './scenarios/parity-tests.js';
import { scenarioTable } from './scenarios/table/index.js';

farParityTests('ssh', Object.values(scenarioTable).flat(), [
  'plain suites in workers',
  'plain suites in band, in random order of a seed',
  'tests of a name, verbose and in colours',
  'snapshots: new, changed, obsolete and inline',
  'coverage: map, thresholds and report files by babel and V8',
  'native ES modules',
  'several projects',
  'projects and files with odd names',
  'a module that is edited between the runs of watch mode',
]);
