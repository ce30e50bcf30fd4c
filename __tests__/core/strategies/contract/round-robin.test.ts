import { strategyContract } from './contract.js';

strategyContract('round-robin');
