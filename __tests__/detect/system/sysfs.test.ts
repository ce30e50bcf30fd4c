import fc from 'fast-check';
import {
  amdMarketingName,
  gfxName,
  parseKfdMemoryBank,
  parseKfdProperties,
} from '../../../src/detect/amd/kfd.js';
import {
  comparePciAddresses,
  parsePciUevent,
  parseUsbUevent,
  pciAddressOf,
} from '../../../src/detect/system/uevent.js';

describe('no parser throws, whatever the text', () => {
  const parsers = {
    amdMarketingName: (text) => amdMarketingName(text, 0x744c, 0xc8),
    parseKfdMemoryBank,
    parseKfdProperties,
    parsePciUevent,
    parseUsbUevent,
    pciAddressOf,
  } satisfies Record<string, (text: string) => unknown>;
  const words =
    'gfx_target_version simd_count location_id unique_id heap_type size_in_bytes PCI_ID= PCI_CLASS= DRIVER= PRODUCT= 744C, / : 90402 18446744073709551615 -1 ffff';
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(fc.constantFrom(...words.split(' '), ' ', '\n', '\t')).map((parts) => parts.join('')),
    fc
      .array(fc.tuple(fc.constantFrom(...words.split(' ')), fc.nat({ max: 2 ** 31 })))
      .map((rows) => rows.map(([key, value]) => `${key} ${value}`).join('\n')),
  );

  test.each(Object.entries(parsers))('%s', (_, parse) => {
    fc.assert(fc.property(text, (input) => void parse(input)));
  });
});

test.each([
  [90_402, 'gfx942'],
  [90_010, 'gfx90a'],
  [90_012, 'gfx90c'],
  [100_306, 'gfx1036'],
  [110_000, 'gfx1100'],
  [110_501, 'gfx1151'],
  [120_001, 'gfx1201'],
  [0, undefined],
  [Number.NaN, undefined],
])('gfx_target_version %p', (version, name) => {
  expect(gfxName(version)).toBe(name);
});

test('a compute node: address by location and domain, name by unique id', () => {
  const properties = [
    'simd_count 1216',
    'gfx_target_version 90402',
    'vendor_id 4098',
    'device_id 29857',
    `location_id ${(0x0c << 8) | (0x1f << 3) | 1}`,
    'domain 1',
    'drm_render_minor 130',
    'unique_id 11',
  ];
  expect(parseKfdProperties(properties.join('\n'))).toEqual({
    gfx: 'gfx942',
    vendorId: 0x1002,
    deviceId: 0x74a1,
    address: '0001:0c:1f.1',
    renderMinor: 130,
    uuid: 'GPU-000000000000000b',
  });
  expect(parseKfdProperties('cpu_cores_count 96\nsimd_count 0\ngfx_target_version 0\n')).toBeUndefined();
});

test('only frame buffers are memory of the GPU', () => {
  expect(parseKfdMemoryBank('heap_type 1\nsize_in_bytes 1024\n')).toBe(1024);
  expect(parseKfdMemoryBank('heap_type 0\nsize_in_bytes 1024\n')).toBe(0);
  expect(parseKfdMemoryBank('heap_type 10\nsize_in_bytes 1024\n')).toBe(0);
});

test('PCI functions', () => {
  expect(
    parsePciUevent('DRIVER=nvidia\nPCI_CLASS=30000\nPCI_ID=10DE:2684\nPCI_SLOT_NAME=0000:01:00.0\n'),
  ).toEqual({
    classCode: 0x030000,
    vendorId: 0x10de,
    deviceId: 0x2684,
    driver: 'nvidia',
    address: '0000:01:00.0',
  });
  expect(parsePciUevent('DRIVER=pl011\nOF_NAME=serial\n')).toBeUndefined();
});

test.each([
  ['00000000:0A:00.0', '0000:0a:00.0'],
  ['0a:00.0', '0000:0a:00.0'],
  ['10000:E1:00.0', '10000:e1:00.0'],
  ['0000:0a:00.9', undefined],
  ['', undefined],
])('PCI address %j', (text, address) => {
  expect(pciAddressOf(text)).toBe(address);
});

test('long domains come last', () => {
  const addresses = ['10000:00:00.0', '0001:00:00.0', '0000:c1:00.0', '0000:03:00.0'];
  expect(addresses.sort(comparePciAddresses)).toEqual([
    '0000:03:00.0',
    '0000:c1:00.0',
    '0001:00:00.0',
    '10000:00:00.0',
  ]);
});

test('USB devices', () => {
  expect(parseUsbUevent('DEVTYPE=usb_device\nPRODUCT=18d1/9302/100\n')).toEqual({
    vendorId: 0x18d1,
    productId: 0x9302,
  });
});
