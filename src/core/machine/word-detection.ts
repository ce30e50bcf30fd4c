import type { Architecture, Backend, DeviceClass, Feature, Precision } from '../vocabulary/taxonomy.js';

/** Systems on which detection looks for something; Windows Subsystem for Linux is Linux. */
export const systems = { linux: 'Linux', darwin: 'macOS', win32: 'Windows' } as const;
type System = keyof typeof systems;

/** What detects a word, by system, for a person. A system that is left out does not look for it. */
export type Detection = Readonly<Partial<Record<System, string>>>;

const everywhere = (by: string): Detection => ({ linux: by, darwin: by, win32: by });
const linuxAndWindows = (by: string): Detection => ({ linux: by, win32: by });
const linux = (by: string): Detection => ({ linux: by });
const macOs = (by: string): Detection => ({ darwin: by });
/** Nothing looks for it: it is there where a machine file says so. */
const declaredOnly: Detection = {};

const python = (title: string) => `${title} of Python multiplies matrices on the device, when a suite asks`;
const generation = 'the generation of the GPU';
const flags = { linux: '`/proc/cpuinfo`', darwin: '`sysctl`', win32: 'the system, else the model' };

/**
 * What detects each word that a suite may ask for. One row per word, so that a new one without a row is a compile error. The
 * table of docs/words.md and the refusals of suites derive from it.
 */
export const wordDetection = {
  class: {
    cpu: everywhere('always there'),
    gpu: {
      linux: "makers' tools and drivers, the PCI bus, render nodes",
      darwin: '`system_profiler`',
      win32: 'PowerShell, `nvidia-smi`',
    },
    tpu: linux('PCI and USB ids, the environment of TPU machines'),
    npu: { linux: 'PCI ids, device nodes', darwin: 'the chip', win32: 'PowerShell' },
    dsp: linux('nodes of FastRPC'),
    fpga: linux('PCI ids, `/sys/class/fpga_manager`'),
    asic: linux('PCI ids'),
    hybrid: declaredOnly,
  },
  architecture: {
    x86: everywhere('`process.arch`'),
    x86_64: everywhere('`process.arch`'),
    arm: everywhere('`process.arch`'),
    arm64: everywhere('`process.arch`'),
    ppc: linux('`process.arch`'),
    ppc64: linux('`process.arch`'),
    mips: linux('`process.arch`'),
    riscv: linux('`process.arch`'),
    s390x: linux('`process.arch`'),
    loongarch: linux('`process.arch`'),
    'gpu-cuda': linuxAndWindows('GPUs of NVIDIA'),
    'gpu-rocm': linuxAndWindows('GPUs of AMD'),
    'gpu-metal': macOs('`system_profiler`'),
    'gpu-intel': linuxAndWindows('GPUs of Intel'),
    'gpu-webgpu': everywhere('adapters of browsers and of the package `webgpu`'),
    tpu: linux('PCI and USB ids'),
    'npu-qualcomm': { win32: 'the maker' },
    'npu-mediatek': declaredOnly,
    'npu-samsung': declaredOnly,
    'npu-intel': linuxAndWindows('the maker'),
    'npu-amd': linuxAndWindows('the maker'),
    'npu-apple': macOs('the chip'),
    'dsp-hexagon': linux('nodes of FastRPC'),
    'fpga-intel': linux('PCI ids'),
    'fpga-xilinx': linux('PCI ids, `/sys/class/fpga_manager`'),
  },
  backend: {
    pytorch: everywhere(python('PyTorch')),
    tensorflow: everywhere(
      `${python('TensorFlow')}; or the package \`@tensorflow/tfjs-node\` (GPU: \`-gpu\`) is installed`,
    ),
    onnx: everywhere(
      'a session of `onnxruntime-node` adds numbers with each provider, when a suite asks; before that, the package',
    ),
    webnn: everywhere('browsers multiply matrices, when a suite asks'),
    webgpu: everywhere('browsers and the package `webgpu` run a shader, when a suite asks'),
    directml: {
      linux: 'WSL: `libd3d12.so`',
      win32: 'the build of Windows; ONNX Runtime adds numbers, when a suite asks',
    },
    openvino: everywhere(
      `${python('OpenVINO')}; or the plugin of the package \`openvino-node\` for the device`,
    ),
    qnn: {
      linux: 'Hexagon: `libQnnHtp.so`',
      win32: "Qualcomm's NPU on arm64: ONNX Runtime adds numbers, when a suite asks",
    },
    cuda: linuxAndWindows("NVIDIA's driver, nodes and library"),
    rocm: linux('`/dev/kfd`, the render node and chips that ROCm is built for'),
    mps: macOs('the chip'),
    vulkan: {
      linux: 'the loader and a driver of the maker; `vulkaninfo`, when a suite asks',
      darwin: '`vulkaninfo`, when a suite asks',
      win32: '`vulkaninfo`, when a suite asks',
    },
    metal: macOs('`system_profiler`'),
    opencl: linux('the loader and a driver of the maker'),
    tvm: everywhere(`${python('TVM')} (the CPU alone)`),
    nnapi: declaredOnly,
    coreml: macOs('the chip; ONNX Runtime adds numbers, when a suite asks'),
    tflite: linux('accelerators with the library of their delegate'),
    tensorrt: linuxAndWindows('ONNX Runtime adds numbers, when a suite asks'),
    jax: everywhere(python('JAX')),
    tfjs: everywhere('the package `@tensorflow/tfjs` or `tfjs-node` is installed'),
    wasm: everywhere('Node.js itself'),
  },
  precision: {
    fp64: everywhere('every CPU; generations of GPUs'),
    fp32: everywhere('every CPU and GPU'),
    fp16: everywhere('flags of the CPU; the generation of the device; a shader of a browser'),
    bf16: everywhere('flags of the CPU; the generation of the device'),
    fp8: linuxAndWindows(generation),
    int8: everywhere('every CPU; the generation of the device'),
    int4: linuxAndWindows(generation),
    int2: declaredOnly,
    int1: linuxAndWindows("NVIDIA's compute capability 7.5 to 8.9"),
    mixed: linuxAndWindows('matrix units, by generation'),
  },
  feature: {
    'tensor-cores': linuxAndWindows(generation),
    'ray-tracing': everywhere(generation),
    'neural-engine': everywhere('NPUs of Intel, AMD and Apple'),
    quantization: everywhere('the generation of the device'),
    sparsity: linuxAndWindows(generation),
    'dynamic-precision': declaredOnly,
    'multi-instance': linuxAndWindows("`nvidia-smi` tells a MIG mode; AMD's partitions (Linux)"),
    'shared-memory': declaredOnly,
    'unified-memory': everywhere('chips whose GPU shares the RAM'),
    'dedicated-memory': everywhere('memory that the driver or a data sheet tells'),
    'compute-shaders': everywhere('a shader of a browser; Metal'),
    canvas: everywhere('a browser draws a triangle, when a suite asks'),
    simd: everywhere('every CPU of 64 bits; flags'),
    simt: everywhere('every GPU of NVIDIA, AMD, Intel and Apple'),
    avx: flags,
    avx2: flags,
    avx512: flags,
    amx: flags,
    neon: everywhere('flags; every ARM CPU of 64 bits'),
    sve: linux('`/proc/cpuinfo`'),
    smt: { ...flags, linux: 'the topology' },
    tsx: { linux: '`/proc/cpuinfo`', darwin: '`sysctl`' },
  },
} as const satisfies {
  readonly class: Record<DeviceClass, Detection>;
  readonly architecture: Record<Architecture, Detection>;
  readonly backend: Record<Backend, Detection>;
  readonly precision: Record<Precision, Detection>;
  readonly feature: Record<Feature, Detection>;
};

export type Vocabulary = keyof typeof wordDetection;

/**
 * Whether detection looks for a word on a system at all: where it does not, only a machine file can bring it.
 * @param platform As `process.platform`; on one that has no column, what is looked for anywhere counts.
 */
export function isLookedFor(vocabulary: Vocabulary, word: string, platform: string): boolean {
  const rows: Readonly<Record<string, Detection>> = wordDetection[vocabulary];
  const detection = rows[word] ?? {};
  return platform in systems
    ? detection[platform as System] !== undefined
    : Object.keys(detection).length > 0;
}

/** Whether any system looks for the word. */
export function isLookedForSomewhere(word: string): boolean {
  return Object.values<Readonly<Record<string, Detection>>>(wordDetection).some(
    (rows) => Object.keys(rows[word] ?? {}).length > 0,
  );
}
