import { strategyContract } from './contract.js';

strategyContract('power-aware');
