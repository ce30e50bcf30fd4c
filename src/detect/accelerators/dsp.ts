import type { Backend } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { labelsOf, sourced } from '../findings/device-draft.js';
import { type FoundDevice, numberedFindings } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { nodeObstacle } from '../system/closed-node.js';
import { libraryPath } from '../system/library.js';

/** Qualcomm's Hexagon, by the nodes of its remote-call driver. (The PCI class "signal processing" is no DSP.) */
export const dsp: Probe = async (host) => {
  const nodes = host.readDirectory('/dev').flatMap((name) => {
    const domain = /^fastrpc-([acs]dsp)/.exec(name)?.[1] ?? /^(adsp)rpc-smd/.exec(name)?.[1];
    return domain === undefined ? [] : [{ domain, name }];
  });
  // One domain has a plain and a `-secure` node; the older driver has one pair of nodes for all its domains.
  const domains = new Map<string, string>();
  for (const { domain, name } of nodes) {
    const known = domains.get(domain);
    const isBetter = known === undefined || !host.mayOpen(known);
    if (isBetter) domains.set(domain, `/dev/${name}`);
  }
  return numberedFindings([...domains].map(([domain, node]) => foundAs(domain, node, host)));
};

function foundAs(domain: string, source: string, host: Host): FoundDevice {
  const library = libraryPath(host, `lib${domain}rpc.so`) ?? libraryPath(host, `lib${domain}rpc.so.1`);
  const qnn = libraryPath(host, 'libQnnHtp.so');
  const because = { confidence: 'spec', source: 'every Hexagon DSP' } as const;
  const backends: Partial<Record<Backend, { confidence: 'inferred'; source: string }>> =
    library !== undefined && qnn !== undefined && domain === 'cdsp'
      ? { qnn: { confidence: 'inferred', source: `${source}, ${qnn}` } }
      : {};
  return {
    draft: {
      class: 'dsp',
      software: false,
      vendor: sourced('qualcomm', 'inferred', source),
      architecture: sourced('dsp-hexagon', 'inferred', source),
      model: sourced(`Hexagon ${domain}`, 'inferred', source),
      backends,
      precisions: labelsOf(['int8'], because),
      features: labelsOf(['quantization', 'simd'], because),
    },
    obstacle:
      [source, ...[heap].filter((path) => host.exists(path))]
        .map((path) => nodeObstacle(host, path, { message: `cannot compute: no ${path}`, remedy: '' }))
        .find((obstacle) => obstacle !== undefined) ??
      (library === undefined
        ? {
            message: `cannot compute: no lib${domain}rpc.so`,
            remedy: "install the board's FastRPC package, or declare the DSP in a machine file",
          }
        : undefined),
  };
}

/** FastRPC takes the memory that it shares with the DSP from here, where the kernel has it. */
const heap = '/dev/dma_heap/system';
