import { trialsScript } from './trials-script.js';

/**
 * The child that tries one framework: `python3 -c <script> <backend> <environment as JSON>`. It multiplies matrices on every
 * device that the framework sees, compares with plain Python, and prints one `PythonAnswer` as JSON. Whatever the framework
 * itself prints goes to stderr.
 */
export const pythonScript = `
import json, os, random, sys

answer_stream = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)
os.environ.update(json.loads(sys.argv[2]))
# Nothing is taken that a suite on the same device may need, and nothing is said that is no error.
os.environ.setdefault('XLA_PYTHON_CLIENT_PREALLOCATE', 'false')
os.environ.setdefault('TF_FORCE_GPU_ALLOW_GROWTH', 'true')
os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '1')

N = 32
# Small whole numbers: their product is exact in half precision and in TF32 too.
A = [[float(random.randint(-3, 3)) for _ in range(N)] for _ in range(N)]
B = [[float(random.randint(-3, 3)) for _ in range(N)] for _ in range(N)]
PRODUCT = [[sum(A[i][k] * B[k][j] for k in range(N)) for j in range(N)] for i in range(N)]

answer = {
    'python': {'executable': sys.executable or '', 'version': sys.version.split()[0]},
    'places': [sys.executable or ''] + [path for path in sys.path if os.path.isdir(path)][:20],
    'devices': [],
    'unseen': {},
}


def said(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return ('%s: %s' % (type(error).__name__, lines[0] if lines else '')).rstrip(': ')[:300]


def told(module):
    answer['version'] = str(getattr(module, '__version__', ''))
    if getattr(module, '__file__', None):
        answer['places'].append(os.path.dirname(module.__file__))


def unseen(kind, reason):
    answer['unseen'][kind] = reason


def tried(kind, index, multiply, uuid=None, pci=None):
    failure = None
    try:
        product = multiply()
        if len(product) != N or any(
            len(row) != N or any(not abs(x - y) <= 0.01 for x, y in zip(row, right)) for row, right in zip(product, PRODUCT)
        ):
            failure = 'a product of matrices is wrong'
    except Exception as error:
        failure = said(error)
    device = {'kind': kind, 'index': index, 'failure': failure}
    if uuid:
        device['uuid'] = uuid
    if pci:
        device['pci'] = pci
    answer['devices'].append(device)

${trialsScript}

try:
    {name: globals()[name] for name in ('pytorch', 'tensorflow', 'jax', 'openvino', 'tvm')}[sys.argv[1]]()
except BaseException as error:
    answer['failure'] = said(error)
answer_stream.write(json.dumps(answer))
answer_stream.flush()
# Frameworks take long to end, and some crash then.
os._exit(0)
`;
