import type { Evidence } from '../../core/machine/machine.js';
import type { Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { platformAccelerators } from '../accelerators/known.js';
import { sharedMemoryOf } from '../budget/shared-memory.js';
import { type Sourced, sourced } from '../findings/device-draft.js';
import { type FoundDevice, numberedFindings, type Obstacle } from '../findings/numbered-findings.js';
import type { Probe } from '../findings/probe.js';
import { nodeObstacle } from '../system/closed-node.js';
import { graphicsBackendsOf } from '../system/icd.js';
import { type PlatformDevice, platformDevicesOf } from '../system/platform.js';
import { openclFiles } from '../system/rusticl.js';
import table from './platform-gpus.json' with { type: 'json' };

/**
 * GPUs of systems on chip (Mali, Adreno, VideoCore, Apple under Linux …): a render node of a driver that is on no bus, or
 * the node of a maker's own driver. What only shows pictures has no render node.
 */
export const platformGpu: Probe = async (host) => {
  const rendering = platformDevicesOf(host).filter(
    ({ node, driver }) => node.startsWith('/dev/dri/') && !isNoGpu(driver),
  );
  // A display engine (vc4) may have a render node of its own beside the GPU's.
  const gpus = rendering.filter((device) => rendering.length === 1 || device.driver !== 'vc4-drm');
  const byMakers = gpus.length > 0 ? [] : makersNodes(host);
  return numberedFindings([...gpus.map((device) => renderingAs(device, host)), ...byMakers]);
};

function isNoGpu(driver: string): boolean {
  return (
    table.noGpus.drivers.includes(driver) ||
    platformAccelerators.some(({ drivers }) => drivers.includes(driver))
  );
}

/** What the tables tell of a driver; the words that are left out are unknown. */
interface DriverRow {
  readonly vendor: string;
  readonly name: string;
  readonly vulkan?: string;
  readonly opencl?: string;
  readonly rusticl?: string;
  readonly fp16?: boolean;
}

function renderingAs({ node, driver, compatible }: PlatformDevice, host: Host): FoundDevice {
  const rows: readonly (DriverRow & {
    readonly drivers: readonly string[];
    readonly models: readonly { readonly compatible: string; readonly name: string }[];
  })[] = table.drm;
  const row = rows.find(({ drivers }) => drivers.includes(driver));
  const byTree =
    row?.models.find((model) => compatible.includes(model.compatible))?.name ?? adreno(compatible);
  const model =
    byTree === undefined
      ? sourced(row?.name ?? `GPU of the driver ${driver}`, 'probed', `driver ${driver}`)
      : sourced(byTree, 'inferred', `device tree: ${compatible[0]}`);
  return foundAs(node, row, model, driver, host);
}

/** `qcom,adreno-690.0` → Adreno 690. */
function adreno(compatible: readonly string[]): string | undefined {
  const number = compatible.flatMap((name) => /^qcom,adreno-(\d{3})(?:\.\d+)?$/.exec(name)?.[1] ?? [])[0];
  return number && `Qualcomm Adreno ${number}`;
}

function makersNodes(host: Host): readonly FoundDevice[] {
  const names = host.readDirectory('/dev');
  const rows: readonly (DriverRow & { readonly node: string })[] = table.nodes;
  return rows.flatMap((row) =>
    names
      .filter((name) => new RegExp(row.node).test(name))
      .map((name) =>
        foundAs(`/dev/${name}`, row, sourced(row.name, 'probed', `/dev/${name}`), undefined, host),
      ),
  );
}

const never = '$.';

function foundAs(
  node: string,
  row: DriverRow | undefined,
  model: Sourced<string>,
  driver: string | undefined,
  host: Host,
): FoundDevice {
  const closed = nodeObstacle(host, node, {
    message: `cannot compute: no ${node}`,
    remedy: 'in a container pass the GPU: --device /dev/dri',
  });
  const files = {
    vulkan: new RegExp(row?.vulkan ?? never),
    opencl: openclFiles(host, new RegExp(row?.opencl ?? never), row?.rusticl ?? ''),
  };
  const backends = closed === undefined ? graphicsBackendsOf(host, files) : {};
  const because: Evidence = { confidence: 'spec', source: `every ${row?.name ?? 'GPU'}` };
  return {
    draft: {
      class: 'gpu',
      software: false,
      vendor: row && sourced(row.vendor as Vendor, 'probed', driver ? `driver ${driver}` : node),
      model,
      memoryBytes: sharedMemoryOf(host),
      driver: driver === undefined ? undefined : sourced(driver, 'probed', `uevent of ${node}`),
      backends,
      precisions: { fp32: because, ...(row?.fp16 && { fp16: because }) },
      features: {
        simt: because,
        'unified-memory': { confidence: 'inferred', source: 'part of a system on chip' },
      },
    },
    obstacle: closed ?? (Object.keys(backends).length > 0 ? undefined : withoutDriver(row, driver)),
  };
}

function withoutDriver(row: DriverRow | undefined, driver: string | undefined): Obstacle {
  if (row === undefined) {
    return {
      message: `is driven by ${driver}, and nothing here lets a process compute on it`,
      remedy: 'declare it in a machine file where your programs compute on it',
    };
  }
  return row.vulkan === undefined
    ? {
        message: 'cannot compute: there is no Vulkan driver for this GPU',
        remedy: row.rusticl
          ? `for OpenCL install Mesa's rusticl and set RUSTICL_ENABLE=${row.rusticl}`
          : 'nothing: it draws, and suites run on the CPU',
      }
    : {
        message: 'cannot compute: neither Vulkan nor OpenCL has a driver here',
        remedy:
          "install mesa-vulkan-drivers (vulkan-broadcom, vulkan-panfrost … on some systems), or the maker's driver",
      };
}
