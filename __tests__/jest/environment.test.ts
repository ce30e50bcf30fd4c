import { loosePackage } from './loose-package.js';

// An ONNX model of one operation, y = x + x over two numbers; bytes 33 and 50 hold the element type.
const addModel = 'CAg6NQoOCgF4CgF4EgF5IgNBZGQSAWdaDwoBeBIKCggIARIECgIIAmIPCgF5EgoKCAgBEgQKAggCQgIQEQ==';

const doubleOnnx = `
  const elementTypes = [
    ['float32', 1, Float32Array.of(1, 2), Float32Array.of(2, 4)],
    ['float64', 11, Float64Array.of(1, 2), Float64Array.of(2, 4)],
    ['int32', 6, Int32Array.of(1, 2), Int32Array.of(2, 4)],
    ['int64', 7, BigInt64Array.of(1n, 2n), BigInt64Array.of(2n, 4n)],
  ];
  test.each(elementTypes)('%s in FORMAT', async (type, code, data, doubled) => {
    const model = Uint8Array.from(Buffer.from('${addModel}', 'base64'));
    model[33] = code;
    model[50] = code;
    const session = await InferenceSession.create(model);
    const { y } = await session.run({ x: new Tensor(type, data, [2]) });
    expect(y.data).toStrictEqual(doubled);
    expect(y.data).toBeInstanceOf(doubled.constructor);
    expect(y).toBeInstanceOf(Tensor);
  });`;

const onnx = {
  'onnx.test.cjs': `const { InferenceSession, Tensor } = require('onnxruntime-node');
    ${doubleOnnx.replace('FORMAT', 'CommonJS')}`,
  'onnx.test.mjs': `import { InferenceSession, Tensor } from 'onnxruntime-node';
    ${doubleOnnx.replace('FORMAT', 'ESM')}`,
};

const everyday = `
  test('everyday code in FILE', async () => {
    expect(new Float32Array([1])).toEqual(new Float32Array([1]));
    expect(new Float32Array([1])).toStrictEqual(new Float32Array([1]));
    expect(new Float32Array([1])).not.toEqual(new Float32Array([2]));
    expect(new Float32Array([1])).not.toStrictEqual(new Float64Array([1]));
    expect(structuredClone({ list: new Int16Array([1]) })).toStrictEqual({ list: new Int16Array([1]) });
    expect(vm.runInThisContext('new Float64Array([1])')).toStrictEqual(new Float64Array([1]));
    expect(vm.runInNewContext('new Float32Array([1])')).toEqual(new Float32Array([1]));
    expect(Buffer.from('a')).toBeInstanceOf(Uint8Array);
    expect(new TextEncoder().encode('a')).toStrictEqual(new Uint8Array([97]));
    expect(new Uint8Array(await new Blob([new Uint16Array([1])]).arrayBuffer())).toEqual(new Uint8Array([1, 0]));
    expect(await (await fetch('data:,a')).arrayBuffer()).toEqual(new Uint8Array([97]).buffer);
    expect(crypto.getRandomValues(new Uint32Array(2))).toBeInstanceOf(Uint32Array);
    expect(new Float32Array(2).subarray(1).buffer).toBeInstanceOf(ArrayBuffer);
    expect(new DataView(new Float32Array([1]).buffer).getUint8(3)).toBe(63);
    expect(Atomics.add(new Int32Array(new SharedArrayBuffer(4)), 0, 1)).toBe(0);
    expect(Object.getPrototypeOf(Float32Array)).toBe(Object.getPrototypeOf(Uint8Array));
    expect({ at: new Float32Array([1]) }).toMatchInlineSnapshot(\`
{
  "at": Float32Array [
    1,
  ],
}
\`);
  });`;

describe('in the stock node environment', () => {
  // Once this is red, Jest or onnxruntime has solved it and our environment can go.
  test('onnxruntime refuses its own results', () => {
    const folder = loosePackage(onnx);
    try {
      const { messages } = folder.jest(['--env=node']);
      expect(Object.keys(messages)).toHaveLength(8);
      expect(messages).toMatchObject({
        'float32 in CommonJS': expect.stringMatching(
          /A float32 tensor's data must be type of .*Float32Array/,
        ),
        'int64 in ESM': expect.stringMatching(/A int64 tensor's data must be type of .*BigInt64Array/),
      });
    } finally {
      folder.remove();
    }
  });
});

describe('in our environment', () => {
  // One process runs all files, so that what one file's teardown breaks shows in the next.
  const folder = loosePackage({
    ...onnx,
    'everyday-1.test.cjs': `const vm = require('node:vm'); ${everyday.replace('FILE', 'file 1')}`,
    'everyday-2.test.cjs': `const vm = require('node:vm'); ${everyday.replace('FILE', 'file 2')}`,
    'everyday-3.test.mjs': `import vm from 'node:vm'; ${everyday.replace('FILE', 'file 3')}`,
  });
  const passed = [
    ...['CommonJS', 'ESM'].flatMap((format) =>
      ['float32', 'float64', 'int32', 'int64'].map((type) => `${type} in ${format}`),
    ),
    ...[1, 2, 3].map((file) => `everyday code in file ${file}`),
  ];
  afterAll(() => folder.remove());

  test.each(['on', 'soft', 'off'])(
    'tensors and everyday code work, with globalsCleanup %s',
    (globalsCleanup) => {
      const { messages, output } = folder.jest([
        '--env=jest-runner-hardware/environment',
        `--testEnvironmentOptions=${JSON.stringify({ globalsCleanup })}`,
        '--ci',
      ]);

      expect(messages).toEqual(Object.fromEntries(passed.map((name) => [name, ''])));
      expect(output).not.toContain('JEST-01');
    },
  );
});
