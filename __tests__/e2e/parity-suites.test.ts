import { parityTests } from './scenarios/parity-tests.js';
import { scenarioTable } from './scenarios/table/index.js';

const { suites, kinds } = scenarioTable;

parityTests([...suites, ...kinds]);
