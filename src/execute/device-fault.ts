import { stripVTControlCharacters } from 'node:util';
import type { DeviceFault, DeviceFaultKind } from '../core/events.js';

/**
 * What drivers and libraries write when a device fails a program, by kind. Only their own words count: a text that a test might
 * write itself (`out of memory`) does not. The first kind that matches is taken, so that a device that was lost because its memory
 * ran out counts as the latter.
 */
const texts: readonly (readonly [DeviceFaultKind, RegExp])[] = [
  // The kernel's driver and nvidia-smi. Xid 79: https://docs.nvidia.com/deploy/xid-errors/
  ['gone', /has fallen off (?:of )?the bus|fallen off the bus and is not responding|GPU is lost/i],
  ['gone', /\bXid \(PCI:[0-9a-f:.]+\): 79\b/i],
  // PyTorch, CUDA, cuBLAS, cuDNN; HIP; Apple's MPS and Metal; XPU and Level Zero.
  ['out-of-memory', /\b(?:CUDA|HIP|XPU) out of memory\b|MPS backend out of memory/],
  ['out-of-memory', /\b(?:CUDA|HIP) error: out of memory\b|cudaMalloc failed: out of memory/],
  ['out-of-memory', /\bCUDA(?: runtime)? error \(?2\)?\s*:\s*out of memory/i],
  ['out-of-memory', /\bCUDA_ERROR_OUT_OF_MEMORY\b|\bcudaErrorMemoryAllocation\b/],
  ['out-of-memory', /\bCU(?:BLAS|DNN)_STATUS_ALLOC_FAILED\b/],
  ['out-of-memory', /\bhipErrorOutOfMemory\b|\bhipErrorMemoryAllocation\b/],
  ['out-of-memory', /\bkIOGPUCommandBufferCallbackErrorOutOfMemory\b|\bMTLCommandBufferErrorOutOfMemory\b/],
  ['out-of-memory', /\bUR_RESULT_ERROR_OUT_OF_DEVICE_MEMORY\b|\bZE_RESULT_ERROR_OUT_OF_DEVICE_MEMORY\b/],
  // ONNX Runtime, TensorFlow (which has the same words for the CPU's memory), XLA.
  ['out-of-memory', /\bFailed to allocate memory for requested buffer of size \d/],
  ['out-of-memory', /\bOOM when allocating tensor\b(?!.*\bdevice:CPU\b)/i],
  ['out-of-memory', /\bRESOURCE_EXHAUSTED: Out of memory\b/],
  // OpenCL, Vulkan, WebGPU.
  ['out-of-memory', /\bCL_MEM_OBJECT_ALLOCATION_FAILURE\b|\bVK_ERROR_OUT_OF_DEVICE_MEMORY\b/],
  ['out-of-memory', /\bGPUOutOfMemoryError\b|\bdevice\b.{0,20}\blost\b.*\bout of memory\b/i],
  // Errors after which a CUDA or HIP context is of no use.
  [
    'error',
    new RegExp(
      `\\b(?:CUDA|HIP)(?: runtime)? error(?: \\(\\d+\\))?\\s*:\\s*(?:${[
        'device-side assert',
        'an illegal memory access was encountered',
        'an illegal instruction was encountered',
        'misaligned address',
        'unspecified launch failure',
        'the launch timed out and was terminated',
        'hardware stack error',
        'uncorrectable ECC error',
        'unknown error',
      ].join('|')})`,
      'i',
    ),
  ],
  ['error', /\bno (?:CUDA|ROCm)-capable device\b|\bCUDA-capable device\(s\) is\/are busy or unavailable/i],
  ['error', /\bCUDA_ERROR_(?:ASSERT|ECC_UNCORRECTABLE|ILLEGAL_ADDRESS|LAUNCH_FAILED|NO_DEVICE|UNKNOWN)\b/],
  [
    'error',
    /\bhipError(?:IllegalAddress|LaunchFailure|NoDevice|Unknown)\b|\bMemory access fault by GPU node/,
  ],
  ['error', /\bXid \(PCI:[0-9a-f:.]+\): \d+/i],
  // Dawn and browsers; Direct3D and Vulkan behind them; Puppeteer and Playwright.
  [
    'context-lost',
    /\b(?:GPU ?)?device (?:was|is|has been) lost\b|\bdevice lost\b|\bGPUDevice\b.{0,20}\blost\b/i,
  ],
  ['context-lost', /\bA valid external Instance reference no longer exists\b/],
  ['context-lost', /\bDXGI_ERROR_DEVICE_(?:HUNG|REMOVED|RESET)\b|\bVK_ERROR_DEVICE_LOST\b/],
  ['context-lost', /\bCONTEXT_LOST_WEBGL\b|\bwebglcontextlost\b/],
  ['context-lost', /\bPage crashed\b|\bTarget crashed\b|\bTarget page, context or browser has been closed\b/],
  ['context-lost', /\bProtocol error\b.*\b(?:Target|Browser|Session|Connection) closed\b/],
  ['context-lost', /\bbrowser has disconnected\b/i],
  // Node.js and libc, in any language of a program. Linux says ENOSPC of too many watched files, too.
  ['full-disk', /\b(?:ENOSPC|EDQUOT): (?!System limit)|\bNo space left on device\b|\bDisk quota exceeded\b/i],
];

const longestEvidence = 300;

/**
 * What a text of a failure, or of a process that died, says of its device; undefined: nothing. Stack frames do not count.
 * @param isAccelerator False: only its disk can be to blame.
 */
export function deviceFaultIn(text: string, isAccelerator = true): DeviceFault | undefined {
  const lines = stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => !/^\s+at /.test(line));
  for (const [kind, pattern] of texts) {
    if (!isAccelerator && kind !== 'full-disk') continue;
    const line = lines.find((each) => pattern.test(each))?.trim();
    if (line === undefined) continue;
    return {
      kind,
      evidence: line.length <= longestEvidence ? line : `${line.slice(0, longestEvidence)}…`,
    };
  }
  return undefined;
}
