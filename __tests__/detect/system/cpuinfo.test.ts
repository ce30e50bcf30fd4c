import { parseCpuinfo } from '../../../src/detect/system/cpuinfo.js';

/** What the kernels of other architectures print, shortened. */
const texts = {
  power9: [
    'processor\t: 0',
    'cpu\t\t: POWER9, altivec supported',
    'clock\t\t: 3800.000000MHz',
    'revision\t: 2.3 (pvr 004e 1203)',
    '',
    'processor\t: 1',
    'cpu\t\t: POWER9, altivec supported',
    '',
    'timebase\t: 512000000',
    'platform\t: PowerNV',
    'model\t\t: 8335-GTH',
  ],
  riscv: [
    'processor\t: 0',
    'hart\t\t: 1',
    'isa\t\t: rv64imafdcv_zicsr_zifencei',
    'mmu\t\t: sv39',
    'uarch\t\t: spacemit,x60',
  ],
  'riscv without vectors': ['processor\t: 0', 'isa\t\t: rv64imafdc', 'uarch\t\t: sifive,u74-mc'],
  s390x: [
    'vendor_id       : IBM/S390',
    '# processors    : 2',
    'bogomips per cpu: 3241.00',
    'max thread id   : 0',
    'features\t: esan3 zarch stfle msa ldisp eimm dfp edat etf3eh highgprs te vx vxd vxe gs',
    'processor 0: version = FF,  identification = 1234,  machine = 8561',
    'processor 1: version = FF,  identification = 1234,  machine = 8561',
  ],
  mips: [
    'system type\t\t: MediaTek MT7621 ver:1 eco:3',
    'processor\t\t: 0',
    'cpu model\t\t: MIPS 1004Kc V2.15',
    'ASEs implemented\t: mips16 dsp mt',
  ],
  'an unknown maker of ARM cores': [
    'processor\t: 0',
    'Features\t: fp asimd sve2',
    'CPU implementer\t: 0xee',
    'CPU part\t: 0xac3',
  ],
  'Odroid N2+, big.LITTLE': [
    ...['0xd03', '0xd03', '0xd09', '0xd09'].flatMap((part, index) => [
      `processor\t: ${index}`,
      'Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid',
      'CPU implementer\t: 0x41',
      `CPU part\t: ${part}`,
      '',
    ]),
    'Hardware\t: Hardkernel ODROID-N2Plus',
  ],
  'Raspberry Pi 3 with a 32-bit kernel': [
    'processor\t: 0',
    'model name\t: ARMv7 Processor rev 4 (v7l)',
    'Features\t: half thumb fastmult vfp edsp neon vfpv3 tls vfpv4 idiva idivt vfpd32 lpae evtstrm crc32',
    'CPU implementer\t: 0x41',
    'CPU part\t: 0xd03',
    '',
    'Hardware\t: BCM2709',
  ],
  'Phytium server': [
    'processor\t: 0',
    'Features\t: fp asimd evtstrm crc32 cpuid',
    'CPU implementer\t: 0x70',
    'CPU part\t: 0x662',
  ],
  AmpereOne: ['processor\t: 0', 'Features\t: fp asimd bf16', 'CPU implementer\t: 0xc0', 'CPU part\t: 0xac3'],
  'Loongson 3A6000': [
    'system type\t\t: generic-loongson-machine',
    '',
    'processor\t\t: 0',
    'package\t\t\t: 0',
    'CPU Family\t\t: Loongson-64bit',
    'Model Name\t\t: Loongson-3A6000-HV',
    'CPU MHz\t\t\t: 2500.00',
    'ISA\t\t\t: loongarch32 loongarch64',
    'Features\t\t: cpucfg lam ual fpu lsx lasx crc32 lvz lbt_x86 lbt_arm lbt_mips',
  ],
  'POWER8 guest': [
    'processor\t: 0',
    'cpu\t\t: POWER8 (raw), altivec supported',
    'machine\t\t: CHRP IBM pSeries',
  ],
  'RISC-V of SiFive': [
    'processor\t: 0',
    'isa\t\t: rv64imafdcv_zicsr_zfh_zvfh',
    'uarch\t\t: sifive,p670',
    'mvendorid\t: 0x489',
  ],
  snapdragon: [
    'processor\t: 0',
    'Features\t: fp asimd asimdhp',
    'CPU implementer\t: 0x51',
    'CPU part\t: 0x001',
  ],
  'one thread per core': ['processor\t: 0', 'siblings\t: 8', 'cpu cores\t: 8', 'flags\t\t: sse2 ht'],
} satisfies Record<string, readonly string[]>;

test.each<[keyof typeof texts, object, readonly string[]]>([
  ['power9', { vendor: 'ibm', model: 'POWER9', processors: 2, smt: false }, ['altivec']],
  ['riscv', { model: 'spacemit,x60', processors: 1 }, ['rvv']],
  ['riscv without vectors', { model: 'sifive,u74-mc', processors: 1 }, []],
  ['Odroid N2+, big.LITTLE', { vendor: 'arm', model: 'Cortex-A53 + Cortex-A73', processors: 4 }, ['asimd']],
  ['Raspberry Pi 3 with a 32-bit kernel', { vendor: 'arm', model: 'Cortex-A53' }, ['neon']],
  ['Phytium server', { vendor: 'phytium', model: 'FTC662' }, ['asimd']],
  ['AmpereOne', { vendor: 'ampere', model: 'Ampere-1' }, ['bf16']],
  ['Loongson 3A6000', { vendor: 'loongson', model: 'Loongson-3A6000-HV', processors: 1 }, ['lasx']],
  ['POWER8 guest', { vendor: 'ibm', model: 'POWER8' }, ['altivec']],
  ['RISC-V of SiFive', { vendor: 'sifive', model: 'sifive,p670' }, ['rvv', 'zvfh']],
  ['s390x', { vendor: 'ibm', model: 'IBM Z (machine 8561)', processors: 2, smt: false }, ['vx', 'vxd']],
  ['mips', { model: 'MIPS 1004Kc V2.15', processors: 1 }, ['dsp']],
  ['an unknown maker of ARM cores', { processors: 1 }, ['asimd']],
  ['snapdragon', { vendor: 'qualcomm', model: 'Oryon', processors: 1 }, ['asimdhp']],
  ['one thread per core', { smt: false, processors: 1 }, ['sse2']],
])('%s', (name, facts, flags) => {
  const found = parseCpuinfo(texts[name].join('\n'));
  expect(found).toMatchObject(facts);
  expect([...found.flags]).toEqual(expect.arrayContaining([...flags]));
});

test('nothing is made up for a core that is not known', () => {
  const { vendor, model } = parseCpuinfo(texts['an unknown maker of ARM cores'].join('\n'));
  expect([vendor, model]).toEqual([undefined, undefined]);
  expect(parseCpuinfo(texts['riscv without vectors'].join('\n')).flags.has('rvv')).toBe(false);
  expect(parseCpuinfo(texts.s390x.join('\n')).flags.has('msa')).toBe(false);
});
