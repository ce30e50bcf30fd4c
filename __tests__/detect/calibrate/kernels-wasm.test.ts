import { readFileSync } from 'node:fs';
import wabt from 'wabt';
import { kernelsWasm } from '../../../src/detect/calibrate/kernels-wasm.js';

test('the bytes are what the text compiles to', async () => {
  const { parseWat } = await wabt();
  const text = readFileSync('src/detect/calibrate/kernels.wat', 'utf8');
  const { buffer } = parseWat('kernels.wat', text, { simd: true }).toBinary({});
  expect(Buffer.from(buffer).toString('base64')).toBe(kernelsWasm);
});
