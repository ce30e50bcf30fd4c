import { fast } from './fast.js';
import { files } from './files.js';
import { kinds } from './kinds.js';
import { reporters } from './reporters.js';
import { selection } from './selection.js';
import { suites } from './suites.js';
import { watch } from './watch.js';
import { workers } from './workers.js';

/** All scenarios, by subject. A new one is one more row in one of these files. */
export const scenarioTable = { suites, kinds, selection, files, workers, reporters, watch, fast };
