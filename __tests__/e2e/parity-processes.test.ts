import { parityTests } from './scenarios/parity-tests.js';
import { scenarioTable } from './scenarios/table/index.js';

const { workers, reporters, watch } = scenarioTable;

parityTests([...workers, ...reporters, ...watch]);
