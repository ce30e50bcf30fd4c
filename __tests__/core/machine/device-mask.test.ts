import fc from 'fast-check';
import { bindingEnvOf } from '../../../src/core/machine/device-mask.js';

const uuid = 'GPU-8c22e0d3-7f4e-4f0a-8a54-0a1b2c3d4e02';
const nvidia = { class: 'gpu', vendor: 'nvidia' } as const;
const amd = { class: 'gpu', vendor: 'amd' } as const;
const intel = { class: 'gpu', vendor: 'intel' } as const;

function on(env: Record<string, string>, platform: NodeJS.Platform = 'linux') {
  return { env, platform };
}

describe('CUDA_VISIBLE_DEVICES', () => {
  test.each([
    ['nothing set, UUID known', undefined, { index: 1, uuid }, uuid],
    ['nothing set, UUID unknown', undefined, { index: 1 }, '1'],
    ['by index', '0,1', { index: 1, uuid }, uuid],
    ['by index, UUID unknown', '1', { index: 1 }, '1'],
    ['by UUID', uuid, { index: 1, uuid }, uuid],
    ['by the beginning of the UUID', 'GPU-8c22', { index: 1, uuid }, uuid],
    ['with blanks', ' 0 , 1 ', { index: 1, uuid }, uuid],
  ])('visible: %s', (_, mask, address, value) => {
    const env: Record<string, string> = mask === undefined ? {} : { CUDA_VISIBLE_DEVICES: mask };
    expect(bindingEnvOf(nvidia, address, on(env))).toEqual({ bindingEnv: { CUDA_VISIBLE_DEVICES: value } });
  });

  test.each([
    ['empty', ''],
    ['-1', '-1'],
    ['another index', '0'],
    ['another UUID', 'GPU-5a1f'],
    ['behind an invalid entry, where the driver stops reading', '0,-1,1'],
    ['the word of another tool', 'NoDevFiles'],
  ])('hidden: %s', (_, mask) => {
    expect(bindingEnvOf(nvidia, { index: 1, uuid }, on({ CUDA_VISIBLE_DEVICES: mask }))).toEqual({
      hiddenBy: `CUDA_VISIBLE_DEVICES=${mask}`,
    });
  });
});

describe('AMD', () => {
  test.each([
    ['nothing set', {}, 2, { ROCR_VISIBLE_DEVICES: '2', HIP_VISIBLE_DEVICES: '0' }],
    ['ROCR set', { ROCR_VISIBLE_DEVICES: '1,2' }, 2, { ROCR_VISIBLE_DEVICES: '2', HIP_VISIBLE_DEVICES: '0' }],
    ['HIP set', { HIP_VISIBLE_DEVICES: '1,2' }, 2, { HIP_VISIBLE_DEVICES: '2' }],
    // HIP counts within the ROCR list: its device 1 is the machine's device 2.
    ['both set', { ROCR_VISIBLE_DEVICES: '0,2', HIP_VISIBLE_DEVICES: '1' }, 2, { HIP_VISIBLE_DEVICES: '1' }],
  ])('visible: %s', (_, env, index, bindingEnv) => {
    expect(bindingEnvOf(amd, { index }, on(env))).toEqual({ bindingEnv });
  });

  test.each([
    // HIP's own variable wins over CUDA's, so that it binds within the latter.
    ['CUDA set', { CUDA_VISIBLE_DEVICES: '1,2' }, 2, { HIP_VISIBLE_DEVICES: '2' }],
    [
      'CUDA within ROCR',
      { ROCR_VISIBLE_DEVICES: '0,2', CUDA_VISIBLE_DEVICES: '1' },
      2,
      { HIP_VISIBLE_DEVICES: '1' },
    ],
    [
      'HIP wins over CUDA',
      { HIP_VISIBLE_DEVICES: '2', CUDA_VISIBLE_DEVICES: '0' },
      2,
      { HIP_VISIBLE_DEVICES: '2' },
    ],
    [
      'GPU_DEVICE_ORDINAL set',
      { GPU_DEVICE_ORDINAL: '0,2' },
      2,
      { ROCR_VISIBLE_DEVICES: '2', HIP_VISIBLE_DEVICES: '0', GPU_DEVICE_ORDINAL: '0' },
    ],
  ])('visible by the variables of others: %s', (_, env, index, bindingEnv) => {
    expect(bindingEnvOf(amd, { index }, on(env))).toEqual({ bindingEnv });
  });

  test.each([
    [{ CUDA_VISIBLE_DEVICES: '0' }, 'CUDA_VISIBLE_DEVICES=0'],
    [{ CUDA_VISIBLE_DEVICES: '-1' }, 'CUDA_VISIBLE_DEVICES=-1'],
    [{ GPU_DEVICE_ORDINAL: '0' }, 'GPU_DEVICE_ORDINAL=0'],
    [{ HIP_VISIBLE_DEVICES: '0', CUDA_VISIBLE_DEVICES: '1' }, 'HIP_VISIBLE_DEVICES=0'],
    [{ ROCR_VISIBLE_DEVICES: '1', CUDA_VISIBLE_DEVICES: '1' }, 'CUDA_VISIBLE_DEVICES=1'],
  ])('hidden by the variables of others: %j', (env, hiddenBy) => {
    expect(bindingEnvOf(amd, { index: 1 }, on(env))).toEqual({ hiddenBy });
  });

  test('Windows knows HIP alone', () => {
    expect(bindingEnvOf(amd, { index: 1 }, on({}, 'win32'))).toEqual({
      bindingEnv: { HIP_VISIBLE_DEVICES: '1' },
    });
  });

  test.each([
    [{ ROCR_VISIBLE_DEVICES: '0' }, 'ROCR_VISIBLE_DEVICES=0'],
    [{ HIP_VISIBLE_DEVICES: '0' }, 'HIP_VISIBLE_DEVICES=0'],
    [{ ROCR_VISIBLE_DEVICES: '0,1', HIP_VISIBLE_DEVICES: '0' }, 'HIP_VISIBLE_DEVICES=0'],
  ])('hidden: %j', (env, hiddenBy) => {
    expect(bindingEnvOf(amd, { index: 1 }, on(env))).toEqual({ hiddenBy });
  });
});

test('Intel: the tiles that are visible stay together', () => {
  const env = { ZE_AFFINITY_MASK: '0.0,1.0,1.1' };
  expect(bindingEnvOf(intel, { index: 1 }, on(env))).toEqual({ bindingEnv: { ZE_AFFINITY_MASK: '1.0,1.1' } });
  expect(bindingEnvOf(intel, { index: 2 }, on(env))).toHaveProperty('hiddenBy');
});

describe('selectors of oneAPI', () => {
  test.each([
    ['level_zero:0', 1],
    ['opencl:cpu', 0],
    ['*:cpu', 0],
    ['cuda:*', 0],
    ['!*:gpu', 0],
  ])('%s hides GPU %d', (selector, index) => {
    expect(bindingEnvOf(intel, { index }, on({ ONEAPI_DEVICE_SELECTOR: selector }))).toEqual({
      hiddenBy: `ONEAPI_DEVICE_SELECTOR=${selector}`,
    });
  });

  test.each([
    ['level_zero:gpu', { ZE_AFFINITY_MASK: '1' }],
    ['opencl:*', { ZE_AFFINITY_MASK: '1' }],
    ['!opencl:*', { ZE_AFFINITY_MASK: '1' }],
    // Its numbers would count anew after the cut to one device.
    ['level_zero:0,1', { ZE_AFFINITY_MASK: '1', ONEAPI_DEVICE_SELECTOR: '*:gpu' }],
  ])('%s shows GPU 1', (selector, bindingEnv) => {
    expect(bindingEnvOf(intel, { index: 1 }, on({ ONEAPI_DEVICE_SELECTOR: selector }))).toEqual({
      bindingEnv,
    });
  });

  test.each([
    ['level_zero:gpu:0', 1, true],
    ['level_zero:gpu:1', 1, false],
    ['gpu', 1, false],
    ['opencl:cpu', 1, true],
    ['host', 1, true],
  ])('SYCL_DEVICE_FILTER=%s: GPU %d is hidden: %s', (filter, index, isHidden) => {
    const { hiddenBy } = bindingEnvOf(intel, { index }, on({ SYCL_DEVICE_FILTER: filter }));
    expect(hiddenBy).toBe(isHidden ? `SYCL_DEVICE_FILTER=${filter}` : undefined);
  });
});

describe('Neuron counts cores', () => {
  const neuron = { class: 'asic', vendor: 'amazon' } as const;
  test.each([
    [{}, { bindingEnv: { NEURON_RT_VISIBLE_CORES: '2,3' } }],
    [{ NEURON_RT_VISIBLE_CORES: '0-2' }, { bindingEnv: { NEURON_RT_VISIBLE_CORES: '2' } }],
    [{ NEURON_RT_VISIBLE_CORES: '0,1' }, { hiddenBy: 'NEURON_RT_VISIBLE_CORES=0,1' }],
  ])('%j', (env, binding) => {
    expect(bindingEnvOf(neuron, { index: 1, cores: 2 }, on(env))).toEqual(binding);
  });
});

test('devices without such a variable have no binding', () => {
  expect(bindingEnvOf({ class: 'cpu', vendor: 'amd' }, { index: 0 }, on({}))).toEqual({});
  expect(bindingEnvOf({ class: 'gpu', vendor: 'apple' }, { index: 0 }, on({}))).toEqual({});
  expect(bindingEnvOf({ class: 'gpu' }, { index: 0 }, on({}))).toEqual({});
});

test('a binding never reaches beyond the mask set outside', () => {
  const entries = fc.array(fc.nat(4), { maxLength: 5 });
  fc.assert(
    fc.property(entries, fc.nat(4), (mask, index) => {
      const outer = on({ CUDA_VISIBLE_DEVICES: mask.join(',') });
      const { bindingEnv } = bindingEnvOf(nvidia, { index }, outer);
      if (bindingEnv === undefined) expect(mask).not.toContain(index);
      else expect(mask).toContain(Number(bindingEnv.CUDA_VISIBLE_DEVICES?.split(',')[0]));
    }),
  );
});
