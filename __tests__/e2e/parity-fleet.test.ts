import { farParityTests } from './scenarios/parity-tests.js';
import { scenarioTable } from './scenarios/table/index.js';

farParityTests('fleet', Object.values(scenarioTable).flat(), [
  'plain suites in workers',
  'snapshots: new, changed, obsolete and inline',
]);
