import { join } from 'node:path';
import fc from 'fast-check';
import { detectMachine } from '../../src/detect/detect.js';
import { machineFactsOf } from '../../src/detect/facts.js';
import { recordedHost } from '../../src/host/recorded.js';
import { device, replay } from './replay.js';
import { temporaryHost } from './temporary-host.js';

const factsOf = (name: string) =>
  machineFactsOf(recordedHost(join(process.cwd(), 'fixtures', 'hosts', name)));

test.each([
  ['container-cgroup-v1', { container: 'docker' }],
  ['container-cgroup-v2', { container: 'kubernetes' }],
  ['container-cgroup-v2-namespaced', { container: 'docker', ci: 'GitHub Actions' }],
  ['graviton3', { virtualization: 'amazon-nitro' }],
  ['wsl', { virtualization: 'wsl' }],
  ['linux-laptop', { powerSource: 'battery', numaNodes: 1 }],
  ['mi300x-server', { numaNodes: 2 }],
  ['microvm-hybrid', { virtualization: 'microvm' }],
])('%s', (name, expected) => {
  const facts = factsOf(name);
  expect(facts).toMatchObject(expected);
  for (const label of Object.keys(expected)) expect(facts.evidence?.[label]?.source).not.toBe('');
});

test('a virtual machine made of a container image is no container', () => {
  // The image's /.dockerenv is there.
  expect(factsOf('microvm-hybrid').container).toBeUndefined();
});

test.each([
  ['Amazon EC2', 'm6i.metal', undefined],
  ['Amazon EC2', 'm6i.large', 'amazon-nitro'],
  ['Microsoft Corporation', 'Virtual Machine', 'hyper-v'],
  ['Microsoft Corporation', 'Surface Laptop 5', undefined],
  ['VMware, Inc.', 'VMware7,1', 'vmware'],
  ['QEMU', 'Standard PC (Q35 + ICH9, 2009)', 'qemu'],
])('%s %s: %s', (vendor, product, expected) => {
  const dmi = '/sys/class/dmi/id';
  const files = { [`${dmi}/sys_vendor`]: `${vendor}\n`, [`${dmi}/product_name`]: `${product}\n` };
  expect(machineFactsOf(temporaryHost({ files })).virtualization).toBe(expected);
});

test.each([
  ['/run/.containerenv', '', 'podman'],
  ['/run/secrets/kubernetes.io/token', '', 'kubernetes'],
  ['/run/systemd/container', 'systemd-nspawn\n', 'systemd-nspawn'],
  ['/run/systemd/container', 'something-new\n', 'other'],
  ['/run/systemd/container', 'wsl\n', undefined],
  ['/proc/self/cgroup', '0::/system.slice/libpod-12ab.scope\n', 'podman'],
])('%s %s: %s', (path, text, expected) => {
  expect(machineFactsOf(temporaryHost({ files: { [path]: text } })).container).toBe(expected);
});

test.each([
  [{ GITLAB_CI: 'true' }, 'GitLab CI'],
  [{ JENKINS_URL: 'https://ci', BUILD_ID: '7' }, 'Jenkins'],
  [{ JENKINS_URL: 'https://ci' }, undefined],
  [{ CI: 'woodpecker' }, 'Woodpecker'],
  [{ CI: 'true' }, undefined],
  [{}, undefined],
])('CI of %j: %s', (env, expected) => {
  expect(machineFactsOf(temporaryHost({ facts: { env } })).ci).toBe(expected);
});

test('plugged in, a laptop runs on mains', () => {
  const files = {
    '/sys/class/power_supply/AC/type': 'Mains\n',
    '/sys/class/power_supply/AC/online': '1\n',
    '/sys/class/power_supply/BAT0/type': 'Battery\n',
    '/sys/class/power_supply/BAT0/status': 'Charging\n',
  };
  expect(machineFactsOf(temporaryHost({ files })).powerSource).toBe('mains');
});

test('no text in any of the files breaks it', () => {
  const paths = [
    '/sys/class/dmi/id/sys_vendor',
    '/sys/hypervisor/type',
    '/proc/cpuinfo',
    '/proc/self/cgroup',
    '/run/systemd/container',
    '/sys/class/power_supply/BAT0/type',
  ];
  fc.assert(
    fc.property(fc.constantFrom(...paths), fc.string({ unit: 'binary' }), (path, text) => {
      const host = temporaryHost({ files: { [path]: text } });
      expect(machineFactsOf(host).cpuBudget).toBeGreaterThan(0);
    }),
    { numRuns: 50 },
  );
});

test('clock and power limit of a CPU, power limit of a Radeon', async () => {
  expect(device(await replay('linux-laptop'), 'cpu')).toMatchObject({
    maxFrequencyMHz: 4700,
    ratedWatts: 28,
    evidence: {
      maxFrequencyMHz: { confidence: 'probed' },
      ratedWatts: { confidence: 'probed', source: 'RAPL constraint_0_power_limit_uw' },
    },
  });
  expect(device(await replay('microvm-hybrid'), 'cpu')).toMatchObject({
    maxFrequencyMHz: 2800,
    evidence: { maxFrequencyMHz: { confidence: 'inferred' } },
  });
  expect(device(await replay('radeon-desktop'), 'gpu0')).toMatchObject({
    ratedWatts: 263,
    pciAddress: '0000:03:00.0',
  });
});

test('a board that limits nothing tells no power', async () => {
  const rapl = '/sys/class/powercap/intel-rapl:0';
  const wattsFor = async (microwatts: string) => {
    const files = { [`${rapl}/name`]: 'package-0\n', [`${rapl}/constraint_0_power_limit_uw`]: microwatts };
    return device(await detectMachine({ host: temporaryHost({ files }) }), 'cpu').ratedWatts;
  };
  expect(await wattsFor('125000000\n')).toBe(125);
  expect(await wattsFor('4095875000\n')).toBeUndefined();
  expect(await wattsFor('0\n')).toBeUndefined();
});
