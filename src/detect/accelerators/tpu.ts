import { bindingEnvOf } from '../../core/machine/device-mask.js';
import type { Host } from '../../host/host.js';
import { labelsOf, sourced } from '../findings/device-draft.js';
import {
  type FoundDevice,
  hiddenDevice,
  numberedFindings,
  type Obstacle,
} from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { nodeObstacle } from '../system/closed-node.js';
import { pciFunctionsOf, pciIdOf } from '../system/pci.js';

/** Google's TPU chips of this virtual machine, out of the PCI bus; without it by the machine's own description. */
export const tpu: Probe = async (host) => {
  const chips = pciFunctionsOf(host).filter(
    ({ vendorId, deviceId }) => vendorId === 0x1ae0 && deviceId in byPciId,
  );
  const nodes = nodesOf(host);
  if (chips.length > 0) {
    return numberedFindings(
      chips.map((pci, position) => {
        const chip = { index: position, node: nodes[position] };
        const found = foundAs(byPciId[pci.deviceId] ?? '', `PCI id ${pciIdOf(pci)}`, chip, host);
        return { ...found, address: pci.address };
      }),
    );
  }
  const described = descriptionOf(host);
  if (described === undefined) return { devices: [], problems: [] };
  return numberedFindings(
    nodes.map((node, index) => foundAs(described.generation, described.source, { index, node }, host)),
  );
};

/** Generation by PCI device id. Source: JAX's `hardware_utils`. */
const byPciId: Readonly<Record<number, string>> = {
  39: 'v2 / v3',
  94: 'v4',
  98: 'v5p',
  99: 'v5e',
  111: 'v6e',
  118: '7x',
};

const GiB = 1024 ** 3;

/** Memory of one chip, by Google's data sheets. */
const memoryBytes: Readonly<Record<string, number>> = {
  v2: 16 * GiB,
  v3: 32 * GiB,
  v4: 32 * GiB,
  v5p: 95 * GiB,
  v5e: 16 * GiB,
  v6e: 32 * GiB,
};

/** Up to v4 a chip is `/dev/accel<n>`, later ones are `/dev/vfio/<n>`. */
function nodesOf(host: Host): readonly string[] {
  const numbered = (folder: string, pattern: RegExp) =>
    host
      .readDirectory(folder)
      .filter((name) => pattern.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
      .map((name) => `${folder}/${name}`);
  const accel = numbered('/dev', /^accel\d+$/);
  return accel.length > 0 ? accel : numbered('/dev/vfio', /^\d+$/);
}

/** The accelerator type that the machine was created with: `v4-8`, `v5litepod-4`. */
function descriptionOf(host: Host): { readonly generation: string; readonly source: string } | undefined {
  const file = '/home/tpu-runtime/tpu-env';
  const entries = [
    ['environment TPU_ACCELERATOR_TYPE', host.env.TPU_ACCELERATOR_TYPE],
    [file, /^ACCELERATOR_TYPE:\s*'?([\w-]+)/m.exec(host.readFile(file) ?? '')?.[1]],
  ] as const;
  for (const [source, type] of entries) {
    const generation = /^(v\d+[a-z]*)-\d+$/.exec(type ?? '')?.[1];
    if (generation !== undefined)
      return { generation: generation === 'v5litepod' ? 'v5e' : generation, source };
  }
  return undefined;
}

function foundAs(
  generation: string,
  source: string,
  { index, node }: { readonly index: number; readonly node: string | undefined },
  host: Host,
): FoundDevice {
  const { bindingEnv, hiddenBy } = bindingEnvOf({ class: 'tpu', vendor: 'google' }, { index }, host);
  const model = `Google TPU ${generation}`;
  const because = { confidence: 'spec', source: `${model} by ${source}` } as const;
  const memory = memoryBytes[generation];
  return {
    draft: {
      class: 'tpu',
      software: false,
      vendor: sourced('google', 'probed', source),
      architecture: sourced('tpu', 'probed', source),
      model: sourced(model, 'probed', source),
      memoryBytes: memory === undefined ? undefined : sourced(memory, 'spec', because.source),
      backends: {},
      precisions: labelsOf(['fp32', 'bf16', 'int8', 'mixed'], because),
      features: labelsOf(['dedicated-memory'], because),
      ...(bindingEnv && { bindingEnv }),
    },
    obstacle:
      nodeObstacle(host, node, withoutNode) ?? (hiddenBy === undefined ? undefined : hiddenDevice(hiddenBy)),
  };
}

const withoutNode: Obstacle = {
  message: 'cannot compute: neither /dev/accel<n> nor /dev/vfio/<n>',
  remedy: 'in a container pass the nodes, and run it privileged',
};
