import type { Host } from '../../host/host.js';
import { type PciFunction, pciFunctionsOf } from '../system/pci.js';
import { type KfdGpu, parseKfdProperties } from './kfd.js';
import type { AmdGpu } from './memory.js';

const topology = '/sys/class/kfd/kfd/topology/nodes';

/** AMD GPUs: nodes of the compute topology (KFD) with their PCI functions, then functions that have no node. */
export function amdGpusOf(host: Host): readonly AmdGpu[] {
  const functions = pciFunctionsOf(host).filter(({ vendorId }) => vendorId === 0x1002);
  const nodes = host
    .readDirectory(topology)
    .toSorted((a, b) => Number(a) - Number(b))
    .flatMap((name) => {
      const directory = `${topology}/${name}`;
      const gpu = parseKfdProperties(host.readFile(`${directory}/properties`) ?? '');
      return gpu === undefined ? [] : [{ gpu, directory }];
    })
    .map((node, index, all) => ({ ...node, index, isPartition: isPartition(node.gpu, index, all) }));
  const withNode = nodes.map((kfd) => ({ kfd, pci: functionOf(kfd, functions) }));
  const rest = functions.filter((pci) => pci.driver === 'amdgpu' && !withNode.some((gpu) => gpu.pci === pci));
  return [...withNode, ...rest.map((pci) => ({ pci }))];
}

/**
 * Whether the node is one of several of the same chip. Partitions share a unique id. Their addresses are equal, or count the
 * partitions where an address has its PCI function.
 */
function isPartition(
  { uuid, address, deviceId }: KfdGpu,
  index: number,
  nodes: readonly { readonly gpu: KfdGpu }[],
): boolean {
  return nodes.some(
    ({ gpu }, other) =>
      other !== index &&
      gpu.deviceId === deviceId &&
      slotOf(gpu.address) === slotOf(address) &&
      gpu.uuid === uuid,
  );
}

/** An address without its function. */
function slotOf(address: string): string {
  return address.replace(/\.\d$/, '');
}

function functionOf(
  { gpu, isPartition }: NonNullable<AmdGpu['kfd']>,
  functions: readonly PciFunction[],
): PciFunction | undefined {
  return (
    functions.find(({ address }) => address === gpu.address) ??
    (isPartition
      ? functions.find(
          ({ address, deviceId }) =>
            deviceId === gpu.deviceId && slotOf(address ?? '') === slotOf(gpu.address),
        )
      : undefined) ??
    functions.find(({ address, deviceId }) => address === undefined && deviceId === gpu.deviceId)
  );
}
