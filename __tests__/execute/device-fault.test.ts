import type { DeviceFaultKind } from '../../src/core/events.js';
import { deviceFaultIn } from '../../src/execute/device-fault.js';

/** Texts as libraries and drivers wrote them, most from public reports, whose addresses stand beside them. */
const reported: readonly (readonly [DeviceFaultKind, string])[] = [
  // https://github.com/lllyasviel/FramePack/issues/369
  [
    'out-of-memory',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 30.29 GiB. GPU 0 has a total capacity of 10.74 GiB of which 3.69 GiB is free. Including non-PyTorch memory, this process has 6.68 GiB memory in use. Of the allocated memory 6.10 GiB is allocated by PyTorch, and 396.58 MiB is reserved by PyTorch but unallocated.',
  ],
  // https://github.com/pytorch/pytorch/issues/16417
  [
    'out-of-memory',
    'RuntimeError: CUDA out of memory. Tried to allocate 12.50 MiB (GPU 0; 10.92 GiB total capacity; 8.57 MiB already allocated; 9.28 GiB free; 4.68 MiB cached)',
  ],
  // https://github.com/microsoft/onnxruntime/issues/22702
  [
    'out-of-memory',
    "[ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : Non-zero status code returned while running Conv node. Name:'/patch_embed/stages/stages.0/blocks/blocks.0/mlp/fc1/Conv' Status Message: \n/onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void* onnxruntime::BFCArena::AllocateRawInternal(size_t, bool, onnxruntime::Stream*, bool, onnxruntime::WaitNotificationFn) Failed to allocate memory for requested buffer of size 4585490524328388608",
  ],
  // https://github.com/tensorflow/models/issues/7142
  [
    'out-of-memory',
    'ResourceExhaustedError (see above for traceback): OOM when allocating tensor with shape[500,17,17,4032] and type float on /job:localhost/replica:0/task:0/device:GPU:0 by allocator GPU_0_bfc.',
  ],
  // https://github.com/NVIDIA/NVSentinel/issues/155 and https://github.com/wilicc/gpu-burn/issues/1
  ['gone', '[74889.644138] NVRM: Xid (PCI:0000:02:00): 79, GPU has fallen off the bus.'],
  ['gone', '               NVRM: fallen off the bus and is not responding to commands.'],
  // https://github.com/WangYueFt/dcp/issues/30
  [
    'error',
    'RuntimeError: CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported at some other API call, so the stacktrace below might be incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1.',
  ],
  // https://github.com/pytorch/pytorch/issues/1010
  [
    'error',
    'RuntimeError: cuda runtime error (59) : device-side assert triggered at /home/my_name/pytorch/torch/lib/THC/generic/THCTensorCopy.c:65',
  ],
  // https://github.com/argos-ci/jest-puppeteer/issues/334 and https://github.com/puppeteer/puppeteer/issues/7455
  ['context-lost', 'Error: Page crashed!'],
  ['context-lost', 'Error: Protocol error (Target.setDiscoverTargets): Target closed.'],
  // https://github.com/microsoft/playwright/issues/27615
  ['context-lost', 'Error: browserContext.newPage: Target page, context or browser has been closed'],
  // https://github.com/Enterprise-CMCS/eAPD/issues/3184 and https://github.com/open-edge-platform/geti/issues/4730
  [
    'full-disk',
    "Failure message: ENOSPC: no space left on device, open '/tmp/jest_0/jest-transform-cache-c38e/fc/FederalDashboardtest_fcc1.map.1412898456'",
  ],
  ['full-disk', 'OSError: [Errno 28] No space left on device'],
  ['full-disk', 'EDQUOT: disk quota exceeded, write'],
  // From the documentation of CUDA, HIP, OpenCL, Metal, Vulkan, Direct3D and Dawn.
  ['out-of-memory', 'CUDA error: out of memory'],
  ['out-of-memory', 'hipErrorOutOfMemory: out of memory'],
  ['out-of-memory', 'MPS backend out of memory (MPS allocated: 17.99 GB, max allowed: 18.13 GB).'],
  ['out-of-memory', 'Error: clEnqueueNDRangeKernel: CL_MEM_OBJECT_ALLOCATION_FAILURE'],
  [
    'out-of-memory',
    'Execution of the command buffer was aborted (kIOGPUCommandBufferCallbackErrorOutOfMemory)',
  ],
  ['out-of-memory', 'WebGPU device was lost: out of memory'],
  ['out-of-memory', 'RESOURCE_EXHAUSTED: Out of memory while trying to allocate 68719476736 bytes.'],
  ['gone', 'Unable to determine the device handle for GPU 0000:65:00.0: GPU is lost.  Reboot the system'],
  ['error', 'RuntimeError: No CUDA GPUs are available\nno CUDA-capable device is detected'],
  ['error', 'CUDA error: an illegal memory access was encountered'],
  ['error', 'NVRM: Xid (PCI:0000:65:00): 48, pid=4711, name=python, DBE (double bit error)'],
  ['context-lost', 'A valid external Instance reference no longer exists.'],
  ['context-lost', 'Device lost: DXGI_ERROR_DEVICE_HUNG'],
  ['context-lost', 'vkQueueSubmit: VK_ERROR_DEVICE_LOST'],
];

test.each(reported)('%s: %s', (kind, text) => {
  const fault = deviceFaultIn(`Error\n${text}\n    at run (model.js:3:4)`);
  expect(fault?.kind).toBe(kind);
  expect(text).toContain(fault?.evidence.replace(/…$/, ''));
  expect(fault?.evidence.length).toBeLessThanOrEqual(301);
});

test.each([
  'Error: out of memory',
  'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
  'OOM when allocating tensor with shape[1,512,647,3] and type float on /job:localhost/replica:0/task:0/device:CPU:0 by allocator cpu',
  'CUDA error: invalid argument',
  'CUDA error: no kernel image is available for execution on the device',
  'TypeError: Cannot read properties of undefined',
  'the parcel was lost on the bus',
  // https://github.com/jestjs/jest/issues/3254 and many others: watched files, not the disk.
  "Error: ENOSPC: System limit for number of file watchers reached, watch '/app'",
  'Error: x\n    at CUDA out of memory (file.js:1:1)',
])('says nothing of a device: %s', (text) => {
  expect(deviceFaultIn(text)).toBeUndefined();
});
