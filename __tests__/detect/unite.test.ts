import fc from 'fast-check';
import type { Device } from '../../src/core/machine/machine.js';
import type { ProbeFindings } from '../../src/detect/findings/probe.js';
import { uniteFindings } from '../../src/detect/unite.js';

function device(id: string, model: string): Device {
  const deviceClass = id.startsWith('npu') ? 'npu' : id === 'cpu' ? 'cpu' : 'gpu';
  const lists = { backends: [], precisions: [], features: [], evidence: {} };
  return { id, class: deviceClass, model, usable: true, software: false, ...lists };
}

function names({ devices }: { readonly devices: readonly Device[] }): readonly string[] {
  return devices.map(({ id, model }) => `${id} ${model}`);
}

test('numbers follow the PCI address over all probes; parts keep theirs', () => {
  const united = uniteFindings([
    { devices: [device('cpu', 'c')], problems: [] },
    {
      devices: [device('gpu0', 'H100'), device('gpu0.mig0', 'slice'), device('gpu1', 'L4')],
      problems: [
        { message: 'gpu0.mig0 (slice) is hidden' },
        { message: 'gpu1 (L4) is hidden', remedy: 'show it' },
        { message: 'gpus are hot' },
      ],
      pciAddresses: { gpu0: '0000:41:00.0', gpu1: '10000:01:00.0' },
    },
    {
      devices: [device('npu0', 'n'), device('gpu0', 'Arc')],
      problems: [],
      pciAddresses: { gpu0: '0000:03:00.0' },
    },
    { devices: [device('gpu0', 'browser')], problems: [{ message: 'gpu0 (browser) is slow' }] },
  ]);
  expect(names(united)).toEqual([
    'cpu c',
    'gpu0 Arc',
    'gpu1 H100',
    'gpu1.mig0 slice',
    'gpu2 L4',
    'gpu3 browser',
    'npu0 n',
  ]);
  expect(united.problems).toEqual([
    { message: 'gpu1.mig0 (slice) is hidden' },
    { message: 'gpu2 (L4) is hidden', remedy: 'show it' },
    { message: 'gpus are hot' },
    { message: 'gpu3 (browser) is slow' },
  ]);
});

test('what an earlier probe has is dropped with what is said about it', () => {
  const at = { gpu0: '0000:01:00.0' };
  const united = uniteFindings([
    { devices: [device('gpu0', 'known')], problems: [], pciAddresses: at },
    {
      devices: [device('gpu0', 'unknown')],
      problems: [{ message: 'gpu0 (unknown) has no driver' }],
      pciAddresses: at,
    },
  ]);
  expect(names(united)).toEqual(['gpu0 known']);
  expect(united.problems).toEqual([]);
});

test('every address once, every id once, numbers without gaps', () => {
  const address = fc.integer({ min: 0, max: 9 }).map((bus) => `0000:0${bus}:00.0`);
  const findings = fc.array(fc.uniqueArray(fc.option(address, { nil: undefined }), { maxLength: 5 }), {
    maxLength: 4,
  });
  fc.assert(
    fc.property(findings, (probes) => {
      const { devices } = uniteFindings(
        probes.map((addresses): ProbeFindings => {
          const entries = addresses.flatMap((found, index) => (found ? [[`gpu${index}`, found]] : []));
          return {
            devices: addresses.map((found, index) => device(`gpu${index}`, found ?? 'none')),
            problems: [],
            pciAddresses: Object.fromEntries(entries),
          };
        }),
      );
      const models = devices.map(({ model }) => model).filter((model) => model !== 'none');
      expect(models).toEqual([...new Set(probes.flat().filter((found) => found !== undefined))].sort());
      expect(devices.map(({ id }) => id)).toEqual(devices.map((_, index) => `gpu${index}`));
    }),
  );
});
