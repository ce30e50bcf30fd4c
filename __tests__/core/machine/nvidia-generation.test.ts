import * as v from 'valibot';
import { abilitiesOf, capabilityByName } from '../../../src/core/machine/nvidia-generation.js';
import table from '../../../src/core/machine/nvidia-generations.json' with { type: 'json' };
import tegra from '../../../src/detect/nvidia/tegra.json' with { type: 'json' };

test.each([
  ['NVIDIA GeForce RTX 5090', 12],
  ['NVIDIA B200', 10],
  ['NVIDIA GB200', 10],
  ['NVIDIA B300 SXM6 AC', 10.3],
  ['NVIDIA RTX PRO 6000 Blackwell Workstation Edition', 12],
  ['NVIDIA GB10', 12.1],
  ['Matrox G200', undefined],
  ['NVIDIA H100 80GB HBM3', 9],
  ['NVIDIA H200', 9],
  ['NVIDIA GH200 480GB', 9],
  ['NVIDIA L40S', 8.9],
  ['NVIDIA L4', 8.9],
  ['NVIDIA RTX 6000 Ada Generation', 8.9],
  ['NVIDIA RTX 5000 Ada Generation', 8.9],
  ['NVIDIA RTX 3500 Ada Generation Laptop GPU', 8.9],
  ['NVIDIA RTX 4000 SFF Ada Generation', 8.9],
  ['Orin (nvgpu)', 8.7],
  ['NVIDIA GeForce RTX 4090 Laptop GPU', 8.9],
  ['NVIDIA GeForce RTX 3080 Ti', 8.6],
  ['NVIDIA GeForce RTX 2050', 8.6],
  ['NVIDIA A10G', 8.6],
  ['NVIDIA RTX A6000', 8.6],
  ['NVIDIA A100-SXM4-40GB', 8],
  ['NVIDIA A30', 8],
  ['GeForce RTX 2080', 7.5],
  ['Tesla T4', 7.5],
  ['NVIDIA GeForce GTX 1660 SUPER', 7.5],
  ['Quadro T1000', 7.5],
  ['Quadro RTX 6000', 7.5],
  ['Quadro RTX 5000', 7.5],
  ['Quadro RTX 4000 with Max-Q Design', 7.5],
  ['Quadro RTX 3000', 7.5],
  ['NVIDIA GeForce GTX 1630', 7.5],
  ['Tesla V100-SXM2-16GB', 7],
  ['NVIDIA TITAN V', 7],
  ['Tesla P100-PCIE-16GB', 6],
  ['GeForce GTX 1080 Ti', 6.1],
  ['Tesla P40', 6.1],
  ['NVIDIA TITAN X (Pascal)', 6.1],
  ['NVIDIA GeForce MX150', 6.1],
  ['NVIDIA GeForce MX110', 5.2],
  ['Tesla M60', 5.2],
  ['Tesla K80', 3.7],
  ['GRID A100D-20C', 8],
  ['GRID A100DX-40C', 8],
  ['NVIDIA A100X', 8],
  ['NVIDIA A800D-80C', 8],
  ['NVIDIA A10-24Q', 8.6],
  ['NVIDIA RTXA6000-48Q', 8.6],
  ['NVIDIA L40S-48Q', 8.9],
  ['NVIDIA RTX6000-Ada-48Q', 8.9],
  ['NVIDIA H100XM-80C', 9],
  ['NVIDIA H20-96C', 9],
  ['GRID T4-16Q', 7.5],
  ['GRID RTX6000-24Q', 7.5],
  ['GRID RTX8000P-48Q', 7.5],
  ['GRID V100DX-32Q', 7],
  ['GRID P40-24Q', 6.1],
  ['GRID M60-8Q', 5.2],
  ['GRID K280Q', 3],
  ['NVIDIA CMP 170HX', 8],
  ['NVIDIA CMP 90HX', 8.6],
  ['GeForce GTX 750 Ti', 5],
  ['GeForce GTX 780', 3.5],
  ['GeForce GT 710', undefined],
  ['NVIDIA Jetson Nano Developer Kit', 5.3],
  ['NVIDIA N1X', 12.1],
  ['NVIDIA Something New', undefined],
])('compute capability of %s', (name, capability) => {
  expect(capabilityByName(name)).toBe(capability);
});

describe('what a name or a number alone would get wrong', () => {
  test.each([
    [
      'Turing without tensor cores',
      7.5,
      'NVIDIA GeForce GTX 1660',
      { tensor: false, rays: false, bf16: false, fp8: false },
    ],
    [
      'a small workstation Turing',
      7.5,
      'NVIDIA T1000 8GB',
      { tensor: false, rays: false, bf16: false, fp8: false },
    ],
    [
      'Turing with all',
      7.5,
      'NVIDIA GeForce RTX 2080',
      { tensor: true, rays: true, bf16: false, fp8: false },
    ],
    ['Turing in the data centre', 7.5, 'Tesla T4', { tensor: true, rays: true, bf16: false, fp8: false }],
    ['Volta', 7, 'Tesla V100-SXM2-16GB', { tensor: true, rays: false, bf16: false, fp8: false }],
    [
      'Ampere in the data centre',
      8,
      'NVIDIA A100-SXM4-40GB',
      { tensor: true, rays: false, bf16: true, fp8: false },
    ],
    ['Ampere', 8.6, 'NVIDIA GeForce RTX 3090', { tensor: true, rays: true, bf16: true, fp8: false }],
    ['Jetson Orin', 8.7, 'Orin (nvgpu)', { tensor: true, rays: true, bf16: true, fp8: false }],
    ['Ada', 8.9, 'NVIDIA L4', { tensor: true, rays: true, bf16: true, fp8: true }],
    ['Hopper', 9, 'NVIDIA H100 PCIe', { tensor: true, rays: false, bf16: true, fp8: true }],
    ['Blackwell in the data centre', 10, 'NVIDIA B200', { tensor: true, rays: false, bf16: true, fp8: true }],
    ['Blackwell', 12, 'NVIDIA GeForce RTX 5090', { tensor: true, rays: true, bf16: true, fp8: true }],
    ['Pascal', 6.1, 'NVIDIA GeForce GTX 1080', { tensor: false, rays: false, bf16: false, fp8: false }],
  ])('%s', (_, capability, name, expected) => {
    const { precisions, features } = abilitiesOf(capability, name);
    expect({
      tensor: features.includes('tensor-cores'),
      rays: features.includes('ray-tracing'),
      bf16: precisions.includes('bf16'),
      fp8: precisions.includes('fp8'),
    }).toEqual(expected);
    expect(features.includes('sparsity')).toBe(expected.tensor && capability >= 8);
  });
});

describe('the tables', () => {
  const capability = v.pipe(v.number(), v.minValue(3), v.maxValue(20));
  const url = v.pipe(v.string(), v.url());

  test('have their shape, and every row a source', () => {
    const source = v.picklist(Object.keys(table.sources));
    const pattern = v.pipe(
      v.string(),
      v.check((text) => new RegExp(text, 'i').source !== ''),
    );
    v.parse(
      v.strictObject({
        about: v.string(),
        sources: v.record(v.string(), url),
        generations: v.array(v.strictObject({ pattern, capability, source })),
        smallTuring: v.strictObject({ about: v.string(), pattern, source }),
        integrated: v.strictObject({ about: v.string(), capabilities: v.array(capability), source }),
      }),
      table,
    );
    v.parse(
      v.strictObject({
        about: v.string(),
        sources: v.record(v.string(), url),
        chips: v.array(
          v.strictObject({
            chip: v.pipe(v.string(), v.regex(/^tegra\d{3}$/)),
            gpu: v.pipe(v.string(), v.regex(/^G[A-Z]?\d+B$|^G[A-Z]\d+[A-Z]$/)),
            capability,
            source: v.picklist(Object.keys(tegra.sources)),
          }),
        ),
      }),
      tegra,
    );
  });

  test.each([...table.generations, ...tegra.chips].map((row) => row.capability))(
    'compute capability %s has abilities',
    (each) => {
      const { precisions, features } = abilitiesOf(each, 'NVIDIA GPU');
      expect(precisions).toContain('fp32');
      expect(features).toContain('simt');
      expect(features.includes('tensor-cores')).toBe(each >= 7);
    },
  );

  test('a chip of a Jetson shares the RAM', () => {
    for (const { capability: each } of tegra.chips) {
      expect(abilitiesOf(each, 'NVIDIA GPU').features).toContain('unified-memory');
    }
  });
});
