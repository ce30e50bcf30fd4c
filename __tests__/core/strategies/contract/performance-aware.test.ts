import { strategyContract } from './contract.js';

strategyContract('performance-aware');
