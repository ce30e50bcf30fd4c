/**
 * The package for `require`, which Jest also uses to find a runner by name: the ES module itself, with types that
 * CommonJS files may import (`module: node16` refuses those of an ES module there).
 */
export type * from './index.js' with { 'resolution-mode': 'import' };

type PublicApi = typeof import('./index.js', { with: { 'resolution-mode': 'import' }});

export declare const withHardware: PublicApi['withHardware'];
export declare const detectMachine: PublicApi['detectMachine'];
export declare const performanceRanking: PublicApi['performanceRanking'];
export declare const findOptimalDevice: PublicApi['findOptimalDevice'];
export declare const UsageError: PublicApi['UsageError'];

module.exports = require('./index.js');
