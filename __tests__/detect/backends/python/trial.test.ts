import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Machine, slotsOf } from '../../../../src/core/machine/machine.js';
import { neverRejection } from '../../../../src/core/scheduler/feasibility.js';
import { type DetectOptions, detectMachine } from '../../../../src/detect/detect.js';
import type { LazyProbeName } from '../../../../src/detect/lazy-probes.js';
import { suite } from '../../../core/cluster.js';
import { temporaryDirectory, temporaryHost } from '../../temporary-host.js';

/** The executable behind a name that may be a version manager's script. */
const python = (() => {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
})();

if (python === undefined && process.env.CI) {
  test('Python is installed', () => {
    throw new Error('these tests need Python: apt-get install -y python3');
  });
}

const withPython = python === undefined ? describe.skip : describe;

const uuids = ['GPU-5a1fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e01', 'GPU-6b2fb1a7-0a51-4a0b-9d5c-0a1b2c3d4e02'];
const nvidiaSmi = uuids
  .map((uuid, index) => `echo '${index}, ${uuid}, NVIDIA L4, 23034, 550.54.15, Default, [N/A], 8.9'`)
  .join('\n');
const nvidiaFiles = {
  '/dev/nvidia0': '',
  '/dev/nvidia1': '',
  '/dev/nvidiactl': '',
  '/dev/nvidia-uvm': '',
  '/usr/lib/x86_64-linux-gnu/libcuda.so.1': '',
  '/proc/driver/nvidia/gpus/0000:01:00.0/information': `Model: NVIDIA L4\nGPU UUID: ${uuids[0]}\nBus Location: 0000:01:00.0\n`,
  '/proc/driver/nvidia/gpus/0000:41:00.0/information': `Model: NVIDIA L4\nGPU UUID: ${uuids[1]}\nBus Location: 0000:41:00.0\n`,
};

/** PyTorch as far as the script uses it: it honestly multiplies, in plain Python, but for devices named in WRONG. */
const torch = `
import os
open(os.path.join(os.path.dirname(__file__), '..', 'imports'), 'a').write(os.environ.get('CUDA_VISIBLE_DEVICES', 'all') + '\\n')
print('a framework may print')
__version__ = '2.11.0'
float32 = 'float32'
class version: cuda, hip = '13.0', None
class Tensor:
    def __init__(self, rows, device): self.rows, self.device = rows, device
    def to(self, device): return Tensor(self.rows, device)
    def tolist(self): return self.rows
def tensor(rows, dtype=None, device='cpu'): return Tensor(rows, device)
def zeros(count, device): raise RuntimeError('The NVIDIA driver on your system is too old\\nsecond line')
def matmul(a, b):
    if a.device in os.environ.get('RAISING', '').split(): raise RuntimeError('CUDA error: device busy')
    wrong = 1 if a.device in os.environ.get('WRONG', '').split() else 0
    columns = list(zip(*b.rows))
    return Tensor([[sum(x * y for x, y in zip(row, column)) + wrong for column in columns] for row in a.rows], a.device)
class backends: pass
class Properties:
    def __init__(self, uuid): self.uuid = uuid
class cuda:
    listed = os.environ.get('GPUS', '').split()
    def is_available(): return len(cuda.listed) > 0
    def device_count(): return len(cuda.listed)
    def get_device_properties(index): return Properties(cuda.listed[index])
`;

const numpy = `
float32 = 'float32'
class Array:
    def __init__(self, rows, device=None): self.rows, self.device = rows, device
    def tolist(self): return self.rows
    def devices(self): return {self.device}
def asarray(value, dtype=None): return Array(value.rows if isinstance(value, Array) else value)
`;

/** JAX with two GPUs that have no identity but their number. */
const jax = `
import os
from . import numpy
__version__ = '0.11.0'
class Client: platform_version = 'PJRT C API\\ncuda 12090'
class Device:
    client = Client
    def __init__(self, platform, id): self.platform, self.id = platform, id
gpus = [Device('gpu', 0), Device('gpu', 1)] if os.environ.get('GPUS') else []
cpus = [Device('cpu', 0), Device('cpu', 1)]
def local_devices(backend=None):
    assert os.environ['XLA_PYTHON_CLIENT_PREALLOCATE'] == 'false'
    return cpus if backend == 'cpu' else gpus or cpus
def device_put(array, device):
    from numpy import Array
    return Array(array.rows, device)
`;
const jaxNumpy = `
from __future__ import absolute_import
import os
def matmul(a, b):
    from jax import local_devices
    from numpy import Array
    columns = list(zip(*b.rows))
    rows = [[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a.rows]
    on_cpu = a.device.platform == 'gpu' and str(a.device.id) in os.environ.get('FALLING_BACK', '').split()
    return Array(rows, local_devices('cpu')[0] if on_cpu else a.device)
`;

/** TensorFlow that cannot be set up any more once it has computed. */
const tensorflow = `
__version__ = '2.20.0'
float32 = 'float32'
started = False
place = None
class config:
    def set_soft_device_placement(wanted): assert wanted is False
    def list_physical_devices(type_): return {'CPU': ['cpu'], 'GPU': ['a', 'b'], 'TPU': []}[type_]
    class experimental:
        def set_memory_growth(device, wanted):
            if started: raise RuntimeError('Physical devices cannot be modified after being initialized')
class test:
    def is_built_with_rocm(): return False
    def is_built_with_cuda(): return True
class device:
    def __init__(self, name): self.name = name
    def __enter__(self):
        global place
        place = self.name
    def __exit__(self, *_): pass
def constant(rows, dtype): return rows
class Result:
    def __init__(self, rows): self.rows = rows
    def numpy(self): return self
    def tolist(self): return self.rows
def matmul(a, b):
    global started
    started = True
    if place == '/GPU:1': raise RuntimeError('Could not satisfy device specification /GPU:1')
    columns = list(zip(*b))
    return Result([[sum(x * y for x, y in zip(row, column)) for column in columns] for row in a])
`;

/** A recorded machine with two GPUs, and the real Python with these modules and variables. */
function machineWith(modules: Readonly<Record<string, string>>, env: Readonly<Record<string, string>> = {}) {
  const folder = temporaryDirectory();
  for (const [path, text] of Object.entries(modules)) {
    mkdirSync(dirname(join(folder, 'modules', path)), { recursive: true });
    writeFileSync(join(folder, 'modules', path), text);
  }
  const exported = Object.entries(env).map(([name, value]) => `export ${name}='${value}'`);
  const host = temporaryHost({
    files: nvidiaFiles,
    tools: {
      'nvidia-smi': nvidiaSmi,
      python3: [...exported, `PYTHONPATH='${join(folder, 'modules')}' exec '${python}' "$@"`].join('\n'),
    },
  });
  const cacheDirectory = temporaryDirectory();
  const imports = () => {
    const file = join(folder, 'modules', 'imports');
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
  };
  const detect = (name: LazyProbeName, options: DetectOptions = {}) =>
    detectMachine({ host, cacheDirectory, lazy: [name], toolTimeoutMs: 60_000, ...options });
  return { host, detect, imports };
}

const idsWith = ({ devices }: Machine, word: string) =>
  devices.filter(({ backends }) => (backends as readonly string[]).includes(word)).map(({ id }) => id);
const messages = ({ problems }: Machine) => problems.map(({ message }) => message);
const bare = uuids.map((uuid) => uuid.slice(4));

withPython('PyTorch', () => {
  test('is on the devices that multiplied right, told by their UUIDs in whatever order', async () => {
    const { detect, imports } = machineWith(
      { 'torch/__init__.py': torch },
      { GPUS: `${bare[1]} ${bare[0]}`, WRONG: 'cuda:0' },
    );
    const machine = await detect('python-pytorch');
    expect(idsWith(machine, 'pytorch')).toEqual(['cpu', 'gpu0']);
    const [cpu, gpu0, gpu1] = machine.devices;
    expect(cpu?.evidence['pytorch']?.source).toMatch(
      /^PyTorch 2\.11\.0 of Python 3\.\S+ multiplied .* cpu:0$/,
    );
    expect(gpu0?.evidence['pytorch']).toMatchObject({
      confidence: 'probed',
      source: expect.stringMatching(/cuda:1$/),
    });
    expect(gpu1?.lacks?.['pytorch']).toMatch(/a product of matrices is wrong/);
    expect(messages(machine)).toEqual([
      expect.stringMatching(
        /^PyTorch 2\.11\.0 .* does not compute on cuda:0: a product of matrices is wrong$/,
      ),
    ]);
    // The child numbers GPUs as this package does.
    expect(imports()).toEqual([uuids.join(',')]);
  });

  test('is not asked again until Python or a package of it changes', async () => {
    const { detect, imports, host } = machineWith({ 'torch/__init__.py': torch }, { GPUS: bare.join(' ') });
    // A recorded machine does not show files of this one.
    const seen = new Map<string, string>();
    const stamping = { ...host, stampOf: (path: string) => seen.get(path) ?? 'as installed' };
    const machine = await detect('python-pytorch', { host: stamping });
    expect(idsWith(machine, 'pytorch')).toEqual(['cpu', 'gpu0', 'gpu1']);
    expect(await detect('python-pytorch', { host: stamping })).toEqual(machine);
    expect(imports()).toHaveLength(1);
    seen.set(python ?? '', 'another');
    await detect('python-pytorch', { host: stamping });
    expect(imports()).toHaveLength(2);
  });

  test('that cannot use the driver says why no GPU has it', async () => {
    const machine = await machineWith({ 'torch/__init__.py': torch }).detect('python-pytorch');
    expect(idsWith(machine, 'pytorch')).toEqual(['cpu']);
    expect(messages(machine)).toEqual([
      expect.stringMatching(
        /^gpu0 \(NVIDIA L4\).*: RuntimeError: The NVIDIA driver on your system is too old$/,
      ),
      expect.stringMatching(/^gpu1 \(NVIDIA L4\)/),
    ]);
  });

  test.each([
    ['is not installed', {}, /No module named 'torch'/, /install torch for python3/],
    [
      'cannot be imported',
      { 'torch/__init__.py': 'raise OSError("libcudart.so.13: cannot open")' },
      /OSError: libcudart/,
      /./,
    ],
    ['ends Python', { 'torch/__init__.py': 'import os; os.abort()' }, /python3 ended: /, /by hand/],
    ['leaves', { 'torch/__init__.py': 'raise SystemExit(3)' }, /SystemExit: 3/, /./],
  ])('that %s is nowhere, with the last words of Python', async (_, modules, reason, remedy) => {
    const machine = await machineWith(modules).detect('python-pytorch');
    expect(idsWith(machine, 'pytorch')).toEqual([]);
    expect(machine.problems).toEqual([
      { message: expect.stringMatching(reason), remedy: expect.stringMatching(remedy) },
    ]);
  });

  test('that does not end is given up', async () => {
    const { detect } = machineWith({ 'torch/__init__.py': 'import time; time.sleep(60)' });
    const machine = await detect('python-pytorch', { toolTimeoutMs: 100 });
    expect(messages(machine)).toContainEqual(expect.stringMatching(/python3 did not end within 0.6 s/));
  });
});

withPython('frameworks that tell no identity', () => {
  test('JAX: the n-th GPU is the n-th that is usable; one that falls back to the CPU is none', async () => {
    const { detect } = machineWith(
      { 'jax/__init__.py': jax, 'jax/numpy.py': jaxNumpy, 'numpy.py': numpy },
      { GPUS: 'yes', FALLING_BACK: '0' },
    );
    const machine = await detect('python-jax');
    expect(idsWith(machine, 'jax')).toEqual(['cpu', 'gpu1']);
    expect(machine.devices[1]?.lacks?.['jax']).toMatch(/it computed on/);
  });

  test('JAX that goes on with the CPU: its log tells why no GPU has it', async () => {
    const said = 'An NVIDIA GPU may be present on this machine, but a CUDA-enabled jaxlib is not installed.';
    const logging = `${jax}\nimport sys; print('${said}', file=sys.stderr)\n`;
    const { detect } = machineWith({
      'jax/__init__.py': logging,
      'jax/numpy.py': jaxNumpy,
      'numpy.py': numpy,
    });
    const machine = await detect('python-jax');
    expect(idsWith(machine, 'jax')).toEqual(['cpu']);
    expect(machine.devices[1]?.lacks?.['jax']).toContain(`it logged: ${said}`);
    expect(messages(machine)[0]).toMatch(/^gpu0 .* is not used by JAX 0\.11\.0 .*CUDA-enabled jaxlib/);
  });

  test('TensorFlow', async () => {
    const { detect } = machineWith({ 'tensorflow.py': tensorflow });
    const machine = await detect('python-tensorflow');
    expect(idsWith(machine, 'tensorflow')).toEqual(['cpu', 'gpu0']);
    expect(messages(machine)).toEqual([expect.stringMatching(/on cuda:1: RuntimeError: Could not satisfy/)]);
  });
});

test('without Python a suite is told what to do, and what a package of Node.js brought stays', async () => {
  const host = temporaryHost({
    files: { '/project/node_modules/@tensorflow/tfjs-node/package.json': '{}' },
  });
  const machine = await detectMachine({
    host,
    projectDir: '/project',
    lazy: ['python-pytorch', 'python-tensorflow'],
  });
  const [slot] = slotsOf(machine, 1);
  const needs = { hardware: [{ class: 'cpu', count: 1 }], backends: ['pytorch'] } as const;
  expect(slot && neverRejection(suite('s', needs), slot, false)?.reason).toMatch(
    /^needs pytorch: cpu has .*; no pytorch: python3 was not found, install it, or name another Python by the option `python`/,
  );
  expect(idsWith(machine, 'tensorflow')).toEqual(['cpu']);
});

test('another Python is started where one is named', async () => {
  const host = temporaryHost({ tools: { 'python-of-mine': 'echo "no module" >&2; exit 1' } });
  const machine = await detectMachine({ host, lazy: ['python-jax'], python: 'python-of-mine' });
  expect(messages(machine)).toEqual(['JAX does not compute: python-of-mine ended: no module']);
});
