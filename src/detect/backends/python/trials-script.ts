/**
 * Python functions, one for each backend of `pythonFrameworks`, that go with `pythonScript`. Each imports its framework,
 * calls `told(module)` and then `tried(kind, index, multiply, …)` for every device that the framework sees; `multiply`
 * gives the product of A and B as lists. `unseen(kind, reason)` says why devices of a kind do not show.
 */
export const trialsScript = `
def pytorch():
    import torch
    told(torch)
    def multiply_on(device):
        def multiply():
            a = torch.tensor(A, dtype=torch.float32, device=device)
            b = torch.tensor(B, dtype=torch.float32, device=device)
            return torch.matmul(a, b).to('cpu').tolist()
        return multiply
    tried('cpu', 0, multiply_on('cpu'))
    kind = 'rocm' if getattr(torch.version, 'hip', None) else 'cuda'
    if torch.cuda.is_available():
        for index in range(torch.cuda.device_count()):
            properties = torch.cuda.get_device_properties(index)
            places = [getattr(properties, name, None) for name in ('pci_domain_id', 'pci_bus_id', 'pci_device_id')]
            pci = None if None in places else '%04x:%02x:%02x.0' % tuple(places)
            # ROCm's is no UUID but text.
            uuid = str(getattr(properties, 'uuid', '')) if kind == 'cuda' else ''
            tried(kind, index, multiply_on('cuda:%d' % index), uuid, pci)
    elif getattr(torch.version, kind.replace('rocm', 'hip'), None) is None:
        unseen(kind, 'this build of PyTorch has no part for GPUs of NVIDIA or AMD')
    else:
        try:
            torch.zeros(1, device='cuda')
        except Exception as error:
            unseen(kind, said(error))
    mps = getattr(torch.backends, 'mps', None)
    if mps is not None and mps.is_available():
        tried('mps', 0, multiply_on('mps'))
    xpu = getattr(torch, 'xpu', None)
    if xpu is not None and xpu.is_available():
        for index in range(xpu.device_count()):
            tried('xpu', index, multiply_on('xpu:%d' % index))


def tensorflow():
    import tensorflow as tf
    told(tf)
    # Otherwise what a GPU cannot do is done by the CPU, and nothing is said.
    tf.config.set_soft_device_placement(False)
    gpu = 'rocm' if tf.test.is_built_with_rocm() else 'cuda'
    if sys.platform == 'darwin':
        gpu = 'mps'
    kinds = {'CPU': 'cpu', 'GPU': gpu, 'TPU': 'tpu'}
    listed = {type_: tf.config.list_physical_devices(type_) for type_ in kinds}
    # Before anything is computed: then it is too late.
    for device in listed['GPU']:
        tf.config.experimental.set_memory_growth(device, True)
    if gpu == 'cuda' and not tf.test.is_built_with_cuda():
        unseen(gpu, 'this build of TensorFlow has no part for GPUs')
    for type_, kind in kinds.items():
        for index, _ in enumerate(listed[type_]):
            # The CPU is one device, in however many parts TensorFlow has it.
            if type_ == 'CPU' and index > 0:
                continue
            def multiply(name='/%s:%d' % (type_, index)):
                with tf.device(name):
                    return tf.matmul(tf.constant(A, tf.float32), tf.constant(B, tf.float32)).numpy().tolist()
            tried(kind, index, multiply)


def jax():
    import jax
    import numpy
    told(jax)
    def listed(platform):
        try:
            return jax.local_devices(backend=platform)
        except RuntimeError as error:
            if platform is None:
                raise
            return []
    default = listed(None)
    cpus = [] if default and default[0].platform == 'cpu' else listed('cpu')
    counts = {}
    for device in [*default, *cpus]:
        kind = {'cpu': 'cpu', 'tpu': 'tpu', 'metal': 'mps'}.get(device.platform.lower(), 'cuda')
        version = str(getattr(device.client, 'platform_version', ''))
        if kind == 'cuda' and 'rocm' in (device.platform + version).lower():
            kind = 'rocm'
        index = counts.get(kind, 0)
        counts[kind] = index + 1
        # The CPU is one device, in however many parts JAX has it.
        if kind == 'cpu' and index > 0:
            continue
        def multiply(device=device):
            a = jax.device_put(numpy.asarray(A, dtype=numpy.float32), device)
            b = jax.device_put(numpy.asarray(B, dtype=numpy.float32), device)
            c = jax.numpy.matmul(a, b)
            if c.devices() != {device}:
                raise RuntimeError('it computed on %s instead of %s' % (c.devices(), device))
            return numpy.asarray(c).tolist()
        tried(kind, index, multiply)


def openvino():
    import openvino
    import numpy
    told(openvino)
    try:
        from openvino import opset8
    except ImportError:
        from openvino.runtime import opset8
    core = openvino.Core() if hasattr(openvino, 'Core') else __import__('openvino.runtime').runtime.Core()
    model_of = openvino.Model if hasattr(openvino, 'Model') else __import__('openvino.runtime').runtime.Model
    kinds = {'CPU': 'cpu', 'GPU': 'xpu', 'NPU': 'npu'}
    counts = {}
    for name in core.available_devices:
        kind = kinds.get(name.split('.')[0])
        if kind is None:
            continue
        index = counts.get(kind, 0)
        counts[kind] = index + 1
        def multiply(name=name):
            a = opset8.parameter([N, N], numpy.float32)
            b = opset8.parameter([N, N], numpy.float32)
            model = model_of([opset8.matmul(a, b, False, False)], [a, b], 'product')
            results = core.compile_model(model, name)([numpy.asarray(each, numpy.float32) for each in (A, B)])
            return list(results.values())[0].tolist()
        tried(kind, index, multiply)


def tvm():
    import tvm
    import numpy
    from tvm import te
    told(tvm)
    def multiply():
        a = te.placeholder((N, N), name='a')
        b = te.placeholder((N, N), name='b')
        k = te.reduce_axis((0, N), name='k')
        c = te.compute((N, N), lambda i, j: te.sum(a[i, k] * b[k, j], axis=k), name='c')
        compiled = (getattr(tvm, 'compile', None) or tvm.build)(te.create_prim_func([a, b, c]), target='llvm')
        tensor = getattr(tvm.runtime, 'tensor', None) or tvm.nd.array
        values = [A, B, numpy.zeros((N, N))]
        arrays = [tensor(numpy.asarray(each, dtype='float32'), tvm.cpu(0)) for each in values]
        compiled['main'](*arrays)
        return arrays[2].numpy().tolist()
    tried('cpu', 0, multiply)
`;
