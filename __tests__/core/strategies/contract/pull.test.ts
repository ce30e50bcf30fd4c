import { strategyContract } from './contract.js';

strategyContract('pull');
