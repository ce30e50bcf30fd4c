/** Types of the package for CommonJS files, which may not import those of an ES module under `module: node16`. */
export type * from './index.js' with { 'resolution-mode': 'import' };

type PublicApi = typeof import('./index.js', { with: { 'resolution-mode': 'import' }});

export declare const withHardware: PublicApi['withHardware'];
export declare const detectMachine: PublicApi['detectMachine'];
export declare const performanceRanking: PublicApi['performanceRanking'];
export declare const findOptimalDevice: PublicApi['findOptimalDevice'];
export declare const UsageError: PublicApi['UsageError'];
