import type { Architecture, Backend, DeviceClass, Feature, Precision, Vendor } from '../core/taxonomy.js';

/** One kind of accelerator on the PCI bus, and what it takes to compute on it. */
export interface AcceleratorKind {
  readonly vendorId: number;
  /** Model by device id; an id that is not listed is not this kind. */
  readonly models: Readonly<Record<number, string>>;
  readonly class: DeviceClass;
  readonly vendor: Vendor;
  readonly architecture?: Architecture;
  readonly precisions: readonly Precision[];
  readonly features: readonly Feature[];
  /** Kernel drivers that can compute on it; the first is named in the remedy. */
  readonly drivers: readonly string[];
  /** Device nodes of `/dev` where the driver does not put it into the class `accel`; the n-th device has the n-th. */
  readonly nodes?: RegExp;
  /** One of these libraries must be there; absent where the framework brings its own. */
  readonly libraries?: readonly string[];
  /** Backend that one of the libraries brings. */
  readonly backend?: Backend;
  /** The attribute of its driver that tells the number by which a mask names it. */
  readonly moduleFile?: string;
  /** Bytes by device id, by the maker's data sheet. */
  readonly memoryBytes?: Readonly<Record<number, number>>;
}

const GiB = 1024 ** 3;

/** A new accelerator is one entry. PCI ids: the kernel drivers' own tables. */
export const acceleratorKinds = {
  'intel-npu': {
    vendorId: 0x8086,
    models: {
      32029: 'Intel NPU (Meteor Lake)',
      44317: 'Intel NPU (Arrow Lake)',
      25662: 'Intel NPU (Lunar Lake)',
      45118: 'Intel NPU (Panther Lake)',
    },
    class: 'npu',
    vendor: 'intel',
    architecture: 'npu-intel',
    precisions: ['fp16', 'int8'],
    features: ['quantization', 'neural-engine'],
    drivers: ['intel_vpu'],
    libraries: ['libze_intel_npu.so.1', 'libze_intel_vpu.so.1', 'libze_intel_npu.so'],
  },
  'amd-npu': {
    vendorId: 0x1022,
    models: { 5378: 'AMD Ryzen AI NPU (Phoenix)', 6128: 'AMD Ryzen AI NPU (Strix)' },
    class: 'npu',
    vendor: 'amd',
    architecture: 'npu-amd',
    precisions: ['bf16', 'int8'],
    features: ['quantization', 'neural-engine'],
    drivers: ['amdxdna'],
    libraries: ['libxrt_driver_xdna.so.2', 'libxrt_core.so.2'],
  },
  gaudi: {
    vendorId: 0x1da3,
    models: {
      4096: 'Habana Gaudi',
      4097: 'Habana Gaudi',
      4112: 'Habana Gaudi',
      4128: 'Habana Gaudi 2',
      4192: 'Intel Gaudi 3',
      4193: 'Intel Gaudi 3',
      4194: 'Intel Gaudi 3',
      4195: 'Intel Gaudi 3',
    },
    class: 'asic',
    vendor: 'intel',
    precisions: ['fp32', 'bf16', 'int8', 'mixed'],
    features: ['dedicated-memory'],
    drivers: ['habanalabs', 'habanalabs_compute'],
    libraries: ['libSynapse.so', 'habanalabs/libSynapse.so'],
    moduleFile: 'module_id',
    memoryBytes: { 4128: 96 * GiB, 4192: 128 * GiB },
  },
  'cloud-ai-100': {
    vendorId: 0x17cb,
    models: { 41088: 'Qualcomm Cloud AI 80', 41216: 'Qualcomm Cloud AI 100' },
    class: 'asic',
    vendor: 'qualcomm',
    precisions: ['fp16', 'int8'],
    features: ['quantization', 'dedicated-memory'],
    drivers: ['qaic'],
    libraries: ['libQAic.so', 'qaic/libQAic.so'],
  },
  'coral-pci': {
    vendorId: 0x1ac1,
    models: { 2202: 'Coral Edge TPU (PCIe)' },
    class: 'tpu',
    vendor: 'google',
    architecture: 'tpu',
    precisions: ['int8'],
    features: ['quantization'],
    drivers: ['apex'],
    nodes: /^apex_\d+$/,
    libraries: ['libedgetpu.so.1'],
    backend: 'tflite',
  },
} as const satisfies Record<string, AcceleratorKind>;
