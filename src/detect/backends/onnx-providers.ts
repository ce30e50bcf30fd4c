import type { Backend, DeviceClass, Vendor } from '../../core/vocabulary/taxonomy.js';
import type { Host } from '../../host/host.js';
import type { BackendFinding, Probe, ProbeOptions } from '../findings/probe.js';
import { installedPackage } from './installed-package.js';
import { gpuNodesOf, keepNegativeMs, keptAnswers, subjectOf } from './kept-answers.js';
import { failureText, runInNode } from './node-child.js';

interface ProviderRow {
  readonly class: DeviceClass;
  readonly vendor?: Vendor;
  /** What a session that computes shows of every such device. */
  readonly backends: readonly Backend[];
  /** Left out: the provider computes on the device that it is made for. Else what it never tells, as a clause. */
  readonly untold?: string;
  /** Asked only where this holds: loading a provider costs time, and without its device it fails. */
  readonly possible: (host: Host) => boolean;
}

const hasNvidia = (host: Host) =>
  host.platform === 'win32' || host.readDirectory('/dev').some((name) => /^(nvidia\d+|dxg)$/.test(name));

/** A Vulkan driver that computes on the CPU may be what WebGPU takes, and the provider does not tell. */
const hasOnlyRealVulkan = (host: Host) =>
  gpuNodesOf(host).length > 0 &&
  !['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d']
    .flatMap((folder) => host.readDirectory(folder))
    .some((name) => /^(lvp|swrast|vk_swiftshader)/.test(name));

/** Execution providers of ONNX Runtime whose device is known. One row per provider. */
const providers: Readonly<Record<string, ProviderRow>> = {
  cpu: { class: 'cpu', backends: ['onnx'], possible: () => true },
  cuda: { class: 'gpu', vendor: 'nvidia', backends: ['onnx'], possible: hasNvidia },
  tensorrt: { class: 'gpu', vendor: 'nvidia', backends: ['tensorrt'], possible: hasNvidia },
  dml: { class: 'gpu', backends: ['onnx', 'directml'], possible: ({ platform }) => platform === 'win32' },
  webgpu: {
    class: 'gpu',
    backends: ['onnx'],
    untold: 'which GPU did it is never told',
    possible: (host) => host.platform === 'darwin' || (host.platform === 'linux' && hasOnlyRealVulkan(host)),
  },
  coreml: {
    class: 'npu',
    vendor: 'apple',
    backends: ['onnx', 'coreml'],
    untold: 'which unit of the chip did it is never told',
    possible: ({ platform }) => platform === 'darwin',
  },
  qnn: {
    class: 'npu',
    vendor: 'qualcomm',
    backends: ['onnx', 'qnn'],
    possible: ({ platform, arch }) => platform === 'win32' && arch === 'arm64',
  },
};

/** What `onnxruntime-node` of the project really runs: a session with each provider computes in a process of its own. */
export const onnxProviders: Probe = async (host, options) => {
  const found = installedPackage(host, options.projectDir, 'onnxruntime-node');
  if (found === undefined) return { devices: [], problems: [] };
  const possible = Object.entries(providers).filter(([, row]) => row.possible(host));
  const outcomes = await Promise.all(
    possible.map(async ([name, row]) => ({ name, row, reason: await failureOf(name, found, host, options) })),
  );
  return {
    devices: [],
    // What one provider cannot do, another may: the findings that count are those that come last.
    backendFindings: outcomes
      .flatMap(({ name, row, reason }) => findingsOf(name, row, reason))
      .sort((a, b) => Number(a.evidence !== undefined) - Number(b.evidence !== undefined)),
    problems: outcomes.flatMap(({ name, reason }) =>
      // A provider that the package does not bring is no fault of the machine.
      reason === undefined || reason === null || reason === notListed
        ? []
        : [
            {
              message: `onnxruntime-node cannot compute with its provider ${name}: ${reason}`,
              remedy: 'install the libraries that the provider needs, or reinstall onnxruntime-node',
            },
          ],
    ),
  };
};

const notListed = 'not in this build';

function findingsOf(name: string, row: ProviderRow, reason: string | null | undefined): BackendFinding[] {
  // Undefined: it could not be asked, so what is installed still counts.
  if (reason === undefined) return [];
  const confidence = row.untold === undefined ? 'probed' : 'inferred';
  const source = [`onnxruntime-node added numbers with its provider ${name}`, row.untold]
    .filter(Boolean)
    .join('; ');
  return row.backends
    .filter((backend) => backend === 'onnx' || reason !== notListed)
    .map((backend) => ({
      class: row.class,
      ...(row.vendor && { vendor: row.vendor }),
      backend,
      evidence: reason === null ? { confidence, source } : undefined,
      ...(reason !== null && { reason: `onnxruntime-node with its provider ${name}: ${reason}` }),
    }));
}

/** Null: it computes. Undefined: there is nobody to ask. */
async function failureOf(
  provider: string,
  found: { readonly directory: string },
  host: Host,
  options: ProbeOptions,
): Promise<string | null | undefined> {
  const kept = keptAnswers(options.cacheDirectory, !options.refresh);
  const subject = subjectOf(host, found, process.version, provider);
  const name = `onnx-${provider}`;
  const known = readFailure(kept.get(name, subject));
  if (known !== undefined) return known;
  const outcome = await runInNode(host, script, [found.directory, provider], options);
  if (outcome.status === 'absent') return undefined;
  const failure = outcome.status === 'ok' ? readFailure(outcome.stdout) : undefined;
  if (failure === undefined) return failureText(outcome, options.timeoutMs);
  kept.set(name, subject, JSON.stringify({ failure }), failure === null ? Infinity : keepNegativeMs);
  return failure;
}

/** `{"failure": null}` or `{"failure": "why"}`; undefined for everything else. */
function readFailure(text: string | undefined): string | null | undefined {
  try {
    const { failure } = JSON.parse(text ?? '') as { failure?: unknown };
    return failure === null || typeof failure === 'string' ? failure : undefined;
  } catch {
    return undefined;
  }
}

/**
 * An ONNX model (IR 8, opset 13) of one node: y = x + x, two floats. Fields by hand, as protobuf writes them; every
 * length is below 128.
 */
function modelBase64(): string {
  const field = (number: number, content: Buffer | string) => {
    const bytes = Buffer.from(content);
    return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes]);
  };
  const integer = (number: number, value: number) => Buffer.from([number * 8, value]);
  const join = (...parts: readonly Buffer[]) => Buffer.concat(parts);
  const float = integer(1, 1);
  const shape = field(2, field(1, integer(1, 2)));
  const tensor = (name: string) => join(field(1, name), field(2, field(1, join(float, shape))));
  const node = join(field(1, 'x'), field(1, 'x'), field(2, 'y'), field(4, 'Add'));
  const graph = join(field(1, node), field(2, 'g'), field(11, tensor('x')), field(12, tensor('y')));
  return join(integer(1, 8), field(7, graph), field(8, integer(2, 13))).toString('base64');
}

const script = `
import { createRequire } from 'node:module';
const [, directory, provider] = process.argv;
const end = (failure) => process.stdout.write(JSON.stringify({ failure }), () => process.exit(0));
try {
  const ort = createRequire(directory + '/')(directory);
  const listed = (ort.listSupportedBackends?.() ?? [{ name: 'cpu' }]).map(({ name }) => name);
  if (!listed.includes(provider)) end('${notListed}');
  else {
    const model = Buffer.from('${modelBase64()}', 'base64');
    // Otherwise what a provider cannot do is done by the CPU, and nothing is said.
    const alone = { extra: { session: { disable_cpu_ep_fallback: '1' } } };
    const session = await ort.InferenceSession.create(model, {
      executionProviders: [provider], ...(provider === 'cpu' ? {} : alone),
    });
    const { y } = await session.run({ x: new ort.Tensor('float32', Float32Array.of(1, 20), [2]) });
    end(String(y.data) === '2,40' ? null : 'wrong sum ' + y.data);
  }
} catch (error) {
  end(String(error).slice(0, 300));
}
`;
