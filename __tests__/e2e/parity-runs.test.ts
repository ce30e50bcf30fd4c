import { parityTests } from './scenarios/parity-tests.js';
import { scenarioTable } from './scenarios/table/index.js';

const { selection, files } = scenarioTable;

parityTests([...selection, ...files]);
