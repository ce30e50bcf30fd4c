export { onProcessEnd } from '../process-end.js';
