import { strategyContract } from './contract.js';

strategyContract('resource-aware');
