import { numberedFindings } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { acceleratorsOnBus } from './on-bus.js';
import { acceleratorsOnChip } from './on-chip.js';

/** NPUs, TPUs and other accelerators on the PCI bus and in systems on chip, by table. */
export const accelerator: Probe = async (host, { projectDir }) =>
  numberedFindings([...acceleratorsOnBus(host, projectDir), ...acceleratorsOnChip(host)]);
