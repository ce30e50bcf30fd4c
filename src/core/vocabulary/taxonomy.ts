/**
 * The closed vocabularies: every word a docblock, an option, a machine file or a probe may use.
 * Each is an array (so that validation messages and `--help` derive from it) and a union type.
 */

export const deviceClasses = ['cpu', 'gpu', 'tpu', 'npu', 'dsp', 'fpga', 'asic', 'hybrid'] as const;
export type DeviceClass = (typeof deviceClasses)[number];

export const architectures = [
  'x86',
  'x86_64',
  'arm',
  'arm64',
  'ppc',
  'ppc64',
  'mips',
  'riscv',
  's390x',
  'loongarch',
  'gpu-cuda',
  'gpu-rocm',
  'gpu-metal',
  'gpu-intel',
  'gpu-webgpu',
  'tpu',
  'npu-qualcomm',
  'npu-mediatek',
  'npu-samsung',
  'npu-intel',
  'npu-amd',
  'npu-apple',
  'dsp-hexagon',
  'fpga-intel',
  'fpga-xilinx',
] as const;
export type Architecture = (typeof architectures)[number];

export const vendors = [
  'intel',
  'amd',
  'nvidia',
  'arm',
  'apple',
  'qualcomm',
  'mediatek',
  'samsung',
  'google',
  'ibm',
  'microsoft',
  'amazon',
  'xilinx',
  'altera',
  'huawei',
  'ampere',
  'broadcom',
  'fujitsu',
  'hygon',
  'loongson',
  'marvell',
  'phytium',
  'sifive',
  'zhaoxin',
  'imagination',
  'vivante',
  'rockchip',
  'hailo',
  'tenstorrent',
  'axelera',
  'memryx',
  'deepx',
  'furiosa',
  'rebellions',
] as const;
export type Vendor = (typeof vendors)[number];

export const backends = [
  'pytorch',
  'tensorflow',
  'onnx',
  'webnn',
  'webgpu',
  'directml',
  'openvino',
  'qnn',
  'cuda',
  'rocm',
  'mps',
  'vulkan',
  'metal',
  'opencl',
  'tvm',
  'nnapi',
  'coreml',
  'tflite',
  'tensorrt',
  'jax',
  'tfjs',
  'wasm',
] as const;
export type Backend = (typeof backends)[number];

export const precisions = [
  'fp64',
  'fp32',
  'fp16',
  'bf16',
  'fp8',
  'int8',
  'int4',
  'int2',
  'int1',
  'mixed',
] as const;
export type Precision = (typeof precisions)[number];

export const features = [
  'tensor-cores',
  'ray-tracing',
  'neural-engine',
  'quantization',
  'sparsity',
  'dynamic-precision',
  'multi-instance',
  'shared-memory',
  'unified-memory',
  'dedicated-memory',
  'compute-shaders',
  'canvas',
  'simd',
  'simt',
  'avx',
  'avx2',
  'avx512',
  'amx',
  'neon',
  'sve',
  'smt',
  'tsx',
] as const;
export type Feature = (typeof features)[number];

export const containerEngines = [
  'docker',
  'podman',
  'kubernetes',
  'containerd',
  'lxc',
  'systemd-nspawn',
  'other',
] as const;
export type ContainerEngine = (typeof containerEngines)[number];

export const virtualizations = [
  'microvm',
  'kvm',
  'qemu',
  'vmware',
  'hyper-v',
  'virtualbox',
  'xen',
  'amazon-nitro',
  'google',
  'apple',
  'wsl',
  'other',
] as const;
export type Virtualization = (typeof virtualizations)[number];

export const sensitivities = ['latency', 'throughput', 'power'] as const;
export type Sensitivity = (typeof sensitivities)[number];

export const confidences = ['probed', 'inferred', 'spec', 'declared'] as const;
/** How a label was learned: measured on the device, concluded from evidence, from a data sheet, or said by the user. */
export type Confidence = (typeof confidences)[number];

/**
 * Backends that need an accelerator of one of these classes. A suite that asks for one of them together with
 * `@hardware` classes that are all missing here contradicts itself. A backend without an entry runs on any class.
 */
export const backendClasses = {
  cuda: ['gpu'],
  rocm: ['gpu'],
  mps: ['gpu'],
  metal: ['gpu'],
  tensorrt: ['gpu'],
  directml: ['gpu', 'npu'],
  qnn: ['npu', 'dsp', 'gpu'],
} as const satisfies Partial<Record<Backend, readonly DeviceClass[]>>;

/** Other spellings people use, by vocabulary. */
export const aliases = {
  backends: { torch: 'pytorch', tf: 'tensorflow', onnxruntime: 'onnx', hip: 'rocm' },
  precisions: { float64: 'fp64', float32: 'fp32', float16: 'fp16', half: 'fp16', bfloat16: 'bf16' },
  features: {
    'tensor-core': 'tensor-cores',
    rt: 'ray-tracing',
    'avx-512': 'avx512',
    hyperthreading: 'smt',
    mig: 'multi-instance',
  },
  architectures: { amd64: 'x86_64', x64: 'x86_64', aarch64: 'arm64', ia32: 'x86' },
} as const satisfies {
  backends: Record<string, Backend>;
  precisions: Record<string, Precision>;
  features: Record<string, Feature>;
  architectures: Record<string, Architecture>;
};
