import type { Device } from './machine.js';
import type { DeviceClass } from './taxonomy.js';

/** Dense peaks: 10⁹ operations per second by precision, GB/s of the memory. What a sheet is silent about is left out. */
export type Sheet = { readonly [figure in Figure]?: number };
export type Figure = 'fp32' | 'fp16' | 'int8' | 'memory';

/** What the maker says of this model; a MIG slice has its share of the card. Undefined for a model that is not listed. */
export function sheetOf(device: Device): Sheet | undefined {
  const { model } = device;
  if (model === undefined || device.class === 'cpu') return undefined;
  if (known.has(device)) return known.get(device);
  const [, , sheet] = sheets.find(([each, name]) => each === device.class && name.test(model)) ?? [];
  const sevenths = Number(/\bMIG (\d)g\./.exec(model)?.[1] ?? 7);
  const shared = sheet && Object.entries(sheet).map(([figure, value]) => [figure, (value * sevenths) / 7]);
  const found: Sheet | undefined = shared && Object.fromEntries(shared);
  known.set(device, found);
  return found;
}

/** Asked for every placement; a device does not change. */
const known = new WeakMap<Device, Sheet | undefined>();

const tera = (fp32: number, fp16: number, int8: number, memory: number): Sheet => ({
  ...(fp32 > 0 && { fp32: fp32 * 1000 }),
  ...(fp16 > 0 && { fp16: fp16 * 1000 }),
  ...(int8 > 0 && { int8: int8 * 1000 }),
  ...(memory > 0 && { memory }),
});

/**
 * From the makers' data sheets and architecture white papers, without sparsity; 0 where they say nothing. First match
 * wins, so longer names stand first. TFLOPS fp32, TFLOPS fp16 (bf16 on a TPU), TOPS int8, GB/s.
 */
const sheets: readonly (readonly [DeviceClass, RegExp, Sheet])[] = [
  ['gpu', /\bH200\b/, tera(67, 989, 1979, 4800)],
  ['gpu', /\bH100 PCIe/i, tera(51, 756, 1513, 2000)],
  ['gpu', /\bH100 NVL/i, tera(60, 835, 1671, 3900)],
  ['gpu', /\bH100\b/, tera(67, 989, 1979, 3350)],
  ['gpu', /\bA100\b.*SXM.*80GB/i, tera(19.5, 312, 624, 2039)],
  ['gpu', /\bA100\b.*80GB/i, tera(19.5, 312, 624, 1935)],
  ['gpu', /\bA100\b/, tera(19.5, 312, 624, 1555)],
  ['gpu', /\bA30\b/, tera(10.3, 165, 330, 933)],
  ['gpu', /\bA10\b/, tera(31.2, 125, 250, 600)],
  ['gpu', /\bL40S\b/, tera(91.6, 362, 733, 864)],
  ['gpu', /\bL4\b/, tera(30.3, 121, 242, 300)],
  ['gpu', /\bV100\b.*PCIE/i, tera(14, 112, 0, 900)],
  ['gpu', /\bV100\b/, tera(15.7, 125, 0, 900)],
  ['gpu', /Tesla T4\b|\bNVIDIA T4\b/, tera(8.1, 65, 130, 320)],
  ['gpu', /RTX 5090\b(?!.*Laptop)/, tera(104.8, 419, 838, 1792)],
  ['gpu', /RTX 4090\b(?!.*Laptop)/, tera(82.6, 330, 660, 1008)],
  ['gpu', /RTX 4080\b(?!.*(Laptop|SUPER))/, tera(48.7, 195, 390, 717)],
  ['gpu', /RTX 4070\b(?!.*(Laptop|SUPER|Ti))/, tera(29.1, 117, 233, 504)],
  ['gpu', /RTX 4060\b(?!.*(Laptop|Ti))/, tera(15.1, 60, 121, 272)],
  ['gpu', /RTX 3090\b(?!.*Ti)/, tera(35.6, 142, 284, 936)],
  ['gpu', /RTX 3080\b(?!.*(Laptop|Ti))/, tera(29.8, 119, 238, 760)],
  ['gpu', /RTX 3060\b(?!.*(Laptop|Ti))/, tera(12.7, 51, 102, 360)],
  ['gpu', /RTX 2080\b(?!.*(SUPER|Ti|Max))/i, tera(10.1, 80, 161, 448)],
  ['gpu', /GTX 1660\b(?!.*(SUPER|Ti))/i, tera(5, 10, 0, 192)],
  ['gpu', /\bMI300X\b/, tera(163.4, 1307, 2615, 5300)],
  ['gpu', /\bMI250X\b/, tera(47.9, 383, 383, 3277)],
  ['gpu', /\bMI210\b/, tera(22.6, 181, 181, 1638)],
  ['gpu', /RX 7900 XTX\b/, tera(61.4, 123, 123, 960)],
  ['gpu', /Apple M1\b(?! (Pro|Max|Ultra))/, tera(2.6, 0, 0, 68)],
  ['gpu', /Apple M2\b(?! (Pro|Max|Ultra))/, tera(3.6, 0, 0, 100)],
  ['tpu', /\bv5p\b/i, tera(0, 459, 918, 2765)],
  ['tpu', /\bv5(e|litepod)\b/i, tera(0, 197, 394, 819)],
  ['tpu', /\bv4\b/i, tera(0, 275, 275, 1200)],
  ['tpu', /\bv3\b/i, tera(0, 123, 0, 900)],
  ['tpu', /\b(Coral|Edge TPU)\b/i, tera(0, 0, 4, 0)],
  ['npu', /\b(Coral|Edge TPU)\b/i, tera(0, 0, 4, 0)],
  ['npu', /Meteor Lake/i, tera(0, 0, 11, 0)],
  ['npu', /Lunar Lake/i, tera(0, 0, 48, 0)],
  ['asic', /Gaudi ?2/i, tera(0, 432, 0, 2450)],
];

/**
 * What a device of the class typically does, in orders of magnitude, where nothing else is known. The CPU's figures are
 * those of one thread in WebAssembly, as it is measured.
 */
export const typicalFigures: Readonly<Record<DeviceClass, Required<Sheet>>> = {
  cpu: { fp32: 20, fp16: 10, int8: 20, memory: 10 },
  gpu: tera(5, 10, 20, 300) as Required<Sheet>,
  tpu: tera(20, 100, 200, 800) as Required<Sheet>,
  npu: tera(1, 5, 10, 50) as Required<Sheet>,
  dsp: tera(0.1, 0.5, 2, 30) as Required<Sheet>,
  fpga: tera(0.5, 1, 5, 50) as Required<Sheet>,
  asic: tera(5, 50, 100, 500) as Required<Sheet>,
  hybrid: { fp32: 20, fp16: 10, int8: 20, memory: 10 },
};
