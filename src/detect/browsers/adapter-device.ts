import type { Device } from '../../core/machine/machine.js';
import { type Vendor, vendors } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import { gpuNodesOf } from '../backends/kept-answers.js';
import { deviceOf, type Sourced, sourced } from '../findings/device-draft.js';
import type { WebGpuAnswer } from './answer.js';
import { softwareNames } from './software-names.js';

/** A WebGPU adapter that has computed. */
export type WorkingAdapter = Extract<WebGpuAnswer, { status: 'ok' }>;

/**
 * The adapter as a device.
 * @param owner Whose adapter it is, for people: `Chromium 156.0`.
 * @param beyond What else the page found: device types for which WebNN multiplied matrices (which unit did it is never
 *   told), and whether WebGPU drew on a canvas.
 */
export function adapterDevice(
  host: Host,
  { id, owner, bindingEnv }: { id: string; owner: string; bindingEnv?: Device['bindingEnv'] },
  { adapter, features, computed, gflops }: WorkingAdapter,
  { webNn = [], draws = false }: { readonly webNn?: readonly string[]; readonly draws?: boolean } = {},
): Device {
  const name = [adapter.description, adapter.device, adapter.architecture, adapter.vendor].find(Boolean);
  const told = `${owner}: ${name ?? 'an adapter without a name'}`;
  const shader = (precision: string) => sourced(true, 'probed', `${owner} computed a ${precision} shader`);
  const emulated = emulation(host, { adapter });
  const device = deviceOf({
    id,
    class: 'gpu',
    usable: true,
    software: emulated !== undefined,
    // SwiftShader calls itself Google's, which makes no device of Google's.
    vendor: emulated === undefined ? vendorOf(adapter.vendor, told) : undefined,
    architecture: sourced('gpu-webgpu', 'probed', `${owner} computed a shader`),
    model: sourced(`${name ?? 'WebGPU adapter'} in ${owner}`, 'probed', told),
    backends: {
      webgpu: shader('fp32').evidence,
      // What a browser computes for `cpu` and `npu` says nothing about its GPU.
      ...(webNn.includes('gpu') && {
        webnn: {
          confidence: 'probed',
          source: `${owner} multiplied matrices by WebNN for deviceType ${webNn.join(', ')}`,
        },
      }),
    },
    precisions: Object.fromEntries(computed.map((precision) => [precision, shader(precision).evidence])),
    features: {
      'compute-shaders': shader('fp32').evidence,
      ...(draws && {
        canvas: {
          confidence: 'probed',
          source: `${owner} drew a triangle on a canvas, and its pixels were read back`,
        },
      }),
    },
    ...(bindingEnv && { bindingEnv }),
  });
  const performance = emulated === undefined && gflops !== undefined && speedsOf(gflops, owner);
  const software = emulated ?? `${told}, features ${features.join(' ') || 'none'}`;
  return {
    ...device,
    ...(performance && { performance }),
    evidence: { ...device.evidence, software: { confidence: 'inferred', source: software } },
  };
}

/** Half precision that the adapter does not have, or computed wrongly, stays unmeasured. */
function speedsOf(
  gflops: NonNullable<WorkingAdapter['gflops']>,
  owner: string,
): NonNullable<Device['performance']> {
  const source = `product of 512 x 512 matrices by WebGPU of ${owner}`;
  const speed = (value: number | undefined) =>
    value === undefined ? null : ({ value, unit: 'GFLOPS', confidence: 'probed', source } as const);
  return { 'matmul/fp32': speed(gflops.fp32), 'matmul/fp16': speed(gflops.fp16) };
}

/** What shows that the adapter is emulated on the CPU; undefined: nothing does. */
function emulation(host: Host, { adapter }: Pick<WorkingAdapter, 'adapter'>): string | undefined {
  const named = Object.values(adapter).find((text) => softwareNames.test(String(text)));
  if (named !== undefined) return `adapter ${named}`;
  if (adapter.isFallbackAdapter) return 'isFallbackAdapter';
  // Some browsers hide the name of their adapter.
  return host.platform === 'linux' && gpuNodesOf(host).length === 0
    ? 'no GPU has a device node in /dev'
    : undefined;
}

/** Browsers write vendors in the taxonomy's words, or not at all. */
function vendorOf(text: string, source: string): Sourced<Vendor> | undefined {
  const word = vendors.find((vendor) => vendor === text.toLowerCase());
  return word && sourced(word, 'probed', source);
}
