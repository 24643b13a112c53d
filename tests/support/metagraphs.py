"""Build small metagraphs of the form of TensorFlow Compression's published ones, with random weights.

    .venv-tensorflow/bin/python tests/support/metagraphs.py FOLDER [--filters N] [--latents M] [ID ...]

Every model is a pair of functions (`sender`, `receiver`) that run eagerly, as reference, and are exported as the
two signatures of a v1 MetaGraphDef with frozen weights. What each one is for stands in its builder.
"""

from __future__ import annotations

import argparse
import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

import tensorflow as tf
import tensorflow_compression as tfc
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2
from tensorflow_compression.python.ops import gen_ops

v1 = tf.compat.v1
v1.disable_control_flow_v2()  # loops of version 1, as in the published graphs
v1.logging.set_verbosity(v1.logging.ERROR)
IMAGE = tf.TensorSpec([1, None, None, 3], tf.uint8, name="input_image")


class Model(NamedTuple):
    """A codec as two functions. `sender` takes an image (and a rate parameter), `receiver` the sender's channels."""

    sender: Callable
    receiver: Callable
    inputs: tuple[tf.TensorSpec, ...] = (IMAGE,)
    joined: bool = False  # the receiver's inputs are the sender's output tensors themselves
    symbols: Callable | None = None  # the latent that the receiver sees, of an image


# --- models -----------------------------------------------------------------------------------------------------


def hyperprior(filters: int, latents: int, mean: bool = False) -> Model:
    """A scale hyperprior (with `mean`: mean and scale) with TFC 2's layers and entropy models; uint8 images."""
    layers = functools.partial(_layers, kernel="variable" if mean else "rdft")
    analysis = layers("analysis", [(filters, 5, 2, tfc.GDN)] * 3 + [(latents, 5, 2, None)], down=True)
    synthesis = layers("synthesis", [(filters, 5, 2, tfc.GDN)] * 3 + [(3, 5, 2, None)], down=False)
    hyper = [(filters, 3, 1, tf.nn.relu), (filters, 5, 2, tf.nn.relu), (filters, 5, 2, None)]
    hyper_analysis = layers("hyper_analysis", hyper, down=True)
    width = latents * 2 if mean else latents
    hyper = [(filters, 5, 2, tf.nn.relu), (filters, 5, 2, tf.nn.relu), (width, 3, 1, None)]
    hyper_synthesis = layers("hyper_synthesis", hyper, down=False)
    entropy = tfc.LocationScaleIndexedEntropyModel(
        tfc.NoisyNormal, num_scales=16, scale_fn=lambda i: tf.exp(i / 3.0 - 2.0), coding_rank=3, compression=True
    )
    prior = tfc.NoisyLogistic(loc=tf.linspace(-0.4, 0.4, filters), scale=tf.linspace(0.5, 3.0, filters))
    side_entropy = tfc.ContinuousBatchedEntropyModel(prior, coding_rank=3, compression=True)

    def conditional(z_hat, y_shape):
        parameters = hyper_synthesis(z_hat)[:, : y_shape[0], : y_shape[1], :]
        indexes = 8.0 + 4.0 * parameters[..., :latents]
        return indexes, (parameters[..., latents:] if mean else None)

    def analyse(image):
        y = analysis(tf.cast(image, tf.float32) / 255.0)
        z = hyper_analysis(y if mean else abs(y))
        indexes, loc = conditional(side_entropy.quantize(z), tf.shape(y)[1:3])
        return y, z, indexes, loc

    def sender(image):
        y, z, indexes, loc = analyse(image)
        strings = entropy.compress(y, indexes, loc), side_entropy.compress(z)
        return *strings, tf.shape(image)[1:3], tf.shape(y)[1:3], tf.shape(z)[1:3]

    def receiver(string, side_string, x_shape, y_shape, z_shape):
        indexes, loc = conditional(side_entropy.decompress(side_string, z_shape), y_shape)
        x = synthesis(entropy.decompress(string, indexes, loc))
        x = 128.0 + 100.0 * x[:, : x_shape[0], : x_shape[1], :]
        return tf.saturate_cast(tf.round(x), tf.uint8)

    def symbols(image):
        y, _, _, loc = analyse(image)
        return entropy.quantize(y, loc)

    analysis(tf.zeros([1, 64, 64, 3]))  # builds the layers
    receiver(*sender(tf.zeros([1, 64, 64, 3], tf.uint8)))
    return Model(sender, receiver, symbols=symbols)


def factorized(filters: int, latents: int) -> Model:
    """A factorized prior as TFC 1 exported it: its range coder in a loop over the batch, floating-point images.

    Three layers (strides 4, 2, 2), no bias in the last; the receiver's inputs are the sender's outputs.
    """
    draw = np.random.default_rng(1)
    down = [_kernel(draw, 9, 3, filters), _kernel(draw, 5, filters, filters), _kernel(draw, 5, filters, latents)]
    up = [_kernel(draw, 5, filters, latents), _kernel(draw, 5, filters, filters), _kernel(draw, 9, 3, filters)]
    medians = draw.uniform(-0.3, 0.3, latents).astype(np.float32)
    tables = _tables(draw.uniform(2.0, 6.0, latents))

    def analyse(image):
        x = tf.cast(image, tf.float32) / 255.0 - 0.5
        for layer, (kernel, stride) in enumerate(zip(down, (4, 2, 2))):
            with tf.name_scope(f"analysis/layer_{layer}/"):
                x = tf.nn.conv2d(x, kernel, stride, "SAME", name="convolution")
                if layer < 2:
                    x = _gdn(tf.nn.bias_add(x, np.full(filters, 0.01, np.float32)))
        return x

    def channels_of(shape):
        return tf.broadcast_to(tf.range(latents, dtype=tf.int32), shape)

    def sender(image):
        y = analyse(image)
        with tf.name_scope("entropy_bottleneck"):
            values = tf.cast(tf.floor(y - medians + 0.5), tf.int32)
            strings = _batched(_range_encode(tables), (values, channels_of(tf.shape(values))), tf.string)
        return strings, tf.shape(image)[1:3], tf.shape(y)[1:3]

    def receiver(strings, x_shape, y_shape):
        with tf.name_scope("entropy_bottleneck_1"):
            shape = tf.concat([tf.shape(strings), y_shape, [latents]], 0)
            values = _batched(_range_decode(tables), (strings, channels_of(shape)), tf.int32)
            y_hat = tf.reshape(tf.cast(values, tf.float32), shape) + medians
        x = y_hat
        for layer, (kernel, stride) in enumerate(zip(up, (2, 2, 4))):
            with tf.name_scope(f"synthesis/layer_{layer}/"):
                shape = tf.shape(x)
                size = [shape[0], shape[1] * stride, shape[2] * stride, kernel.shape[2]]
                x = tf.nn.conv2d_transpose(x, kernel, size, stride, "SAME", name="conv2d_transpose")
                if layer < 2:
                    x = _gdn(tf.nn.bias_add(x, np.full(filters, 0.01, np.float32)), inverse=True)
        return 128.0 + 60.0 * x[:, : x_shape[0], : x_shape[1], :]

    def symbols(image):
        return tf.floor(analyse(image) - medians + 0.5) + medians

    return Model(sender, receiver, joined=True, symbols=symbols)


def split(filters: int, latents: int) -> Model:
    """Twelve strings, one for each channel of the latent: `channel:10` sorts before `channel:2`."""
    draw = np.random.default_rng(2)
    down, up = _kernel(draw, 17, 3, 12), _kernel(draw, 17, 3, 12)
    priors = [tfc.NoisyLogistic(loc=[0.0], scale=[scale]) for scale in np.linspace(1.0, 4.0, 12)]
    entropy = [tfc.ContinuousBatchedEntropyModel(prior, coding_rank=3, compression=True) for prior in priors]

    def analyse(image):
        x = tf.cast(image, tf.float32) / 16.0
        return tf.nn.bias_add(tf.nn.conv2d(x, down, 16, "SAME"), np.linspace(-3, 3, 12, dtype=np.float32))

    def sender(image):
        y = analyse(image)
        return *[e.compress(y[..., i : i + 1]) for i, e in enumerate(entropy)], tf.shape(image)[1:3], tf.shape(y)[1:3]

    def receiver(*channels):
        *strings, x_shape, y_shape = channels
        y_hat = tf.concat([e.decompress(s, y_shape) for e, s in zip(entropy, strings)], -1)
        size = tf.concat([[1], y_shape * 16, [3]], 0)
        return 64.0 + 4.0 * tf.nn.conv2d_transpose(y_hat, up, size, 16, "SAME")[:, : x_shape[0], : x_shape[1]]

    return Model(sender, receiver, symbols=lambda image: tf.round(analyse(image)))


def variable_rate(filters: int, latents: int) -> Model:
    """A second scalar input, the rate-distortion parameter, that travels as a channel of floating point."""
    draw = np.random.default_rng(3)
    down, up = _kernel(draw, 17, 3, 12), _kernel(draw, 17, 3, 12)
    prior = tfc.NoisyLogistic(loc=tf.zeros(12), scale=tf.linspace(1.0, 4.0, 12))
    entropy = tfc.ContinuousBatchedEntropyModel(prior, coding_rank=3, compression=True)

    def analyse(image):
        return tf.nn.conv2d(tf.cast(image, tf.float32) / 16.0, down, 16, "SAME")

    def sender(image, rate):
        y = analyse(image)
        return entropy.compress(y * rate), tf.shape(image)[1:3], tf.shape(y)[1:3], rate

    def receiver(string, x_shape, y_shape, rate):
        y_hat = entropy.decompress(string, y_shape) / rate
        size = tf.concat([[1], y_shape * 16, [3]], 0)
        return 64.0 + 4.0 * tf.nn.conv2d_transpose(y_hat, up, size, 16, "SAME")[:, : x_shape[0], : x_shape[1]]

    return Model(sender, receiver, (IMAGE, tf.TensorSpec([], tf.float32, name="rd_parameter")))


def two_branches(filters: int, latents: int) -> Model:
    """A code with no single latent: two transforms, a string each, and the image's mean as a channel."""
    draw = np.random.default_rng(4)
    kernels = [_kernel(draw, 16, 3, 4), _kernel(draw, 16, 3, 4)]
    prior = tfc.NoisyLogistic(loc=tf.zeros(4), scale=2.0 * tf.ones(4))
    entropy = tfc.ContinuousBatchedEntropyModel(prior, coding_rank=3, compression=True)

    def sender(image):
        x = tf.cast(image, tf.float32) / 16.0
        first, second = (tf.nn.conv2d(x, kernel, 16, "SAME") for kernel in kernels)
        average = tf.cast(tf.reduce_mean(x, [0, 1, 2]), tf.int32)
        return entropy.compress(first), entropy.compress(second), tf.shape(image)[1:3], tf.shape(first)[1:3], average

    def receiver(one, two, x_shape, y_shape, average):
        size = tf.concat([[1], y_shape * 16, [3]], 0)
        strings = zip((one, two), kernels)
        parts = [tf.nn.conv2d_transpose(entropy.decompress(s, y_shape), k, size, 16, "SAME") for s, k in strings]
        return (16.0 * tf.cast(average, tf.float32) + parts[0] + parts[1])[:, : x_shape[0], : x_shape[1]]

    return Model(sender, receiver)


MODELS = {
    "bmshj2018-hyperprior-mse-1": hyperprior,
    "mbt2018-mean-mse-1": lambda filters, latents: hyperprior(filters, latents, mean=True),
    "b2018-gdn-128-1": factorized,
    "split-1": split,
    "variable-rate": variable_rate,
    "two-branches": two_branches,
}


# --- export -----------------------------------------------------------------------------------------------------


def export(model: Model, path: Path) -> None:
    """Write the model as a serialized MetaGraphDef with the signatures `sender` and `receiver`."""
    frozen = None if model.joined else _frozen(model)
    with tf.Graph().as_default() as graph:
        (images, channels), (receiver_inputs, image) = _imported(*frozen) if frozen else _drawn(model)
        sent = {f"channel:{i}": _info(tensor) for i, tensor in enumerate(channels)}
        received = {f"channel:{i}": _info(tensor) for i, tensor in enumerate(receiver_inputs)}
        taken = {spec.name: _info(tensor) for spec, tensor in zip(model.inputs, images)}
        metagraph = v1.train.export_meta_graph(graph=graph, clear_devices=True)
        build = v1.saved_model.build_signature_def
        metagraph.signature_def["sender"].CopyFrom(build(taken, sent))
        metagraph.signature_def["receiver"].CopyFrom(build(received, {"output_image": _info(image)}))
    path.write_bytes(metagraph.SerializeToString())


def _drawn(model: Model) -> tuple[tuple, tuple]:
    """The model's functions drawn into the current graph, the receiver on the sender's own output tensors."""
    images = [v1.placeholder(spec.dtype, spec.shape, name=spec.name) for spec in model.inputs]
    channels = [tf.identity(channel) for channel in model.sender(*images)]
    return (images, channels), (channels, model.receiver(*channels))


def _frozen(model: Model) -> tuple:
    """The model's functions traced, their variables made constants."""
    sender = tf.function(lambda *images: [tf.identity(channel) for channel in model.sender(*images)])
    sender = sender.get_concrete_function(*model.inputs)
    specs = [tf.TensorSpec([None] if c.dtype == tf.string else c.shape, c.dtype) for c in sender.outputs]
    receiver = tf.function(model.receiver).get_concrete_function(*specs)
    return convert_variables_to_constants_v2(sender), convert_variables_to_constants_v2(receiver)


def _imported(sender: Callable, receiver: Callable) -> tuple[tuple, tuple]:
    """Traced functions put into the current graph, the receiver with placeholders of its own."""
    ends = []
    for function, scope in ((sender, ""), (receiver, "receiver")):
        names = [tensor.name for tensor in (*function.inputs, *function.outputs)]
        tensors = tf.graph_util.import_graph_def(function.graph.as_graph_def(), return_elements=names, name=scope)
        ends.append((tensors[: len(function.inputs)], tensors[len(function.inputs) :]))
    (images, channels), (inputs, shown) = ends
    return (images, channels), (inputs, shown[0])


def _info(tensor: tf.Tensor) -> object:
    return v1.saved_model.build_tensor_info(tensor)


# --- layers and coders ------------------------------------------------------------------------------------------


def _layers(name: str, layers: list[tuple], down: bool, kernel: str) -> tf.keras.Sequential:
    """Convolutions (filters, support, stride, activation), with seeded weights that keep the signal's scale."""
    model = tf.keras.Sequential(name=name)
    for number, (filters, support, stride, activation) in enumerate(layers):
        if activation is tfc.GDN:
            activation = tfc.GDN(inverse=not down, name=f"{'' if down else 'i'}gdn_{number}")
        last = number == len(layers) - 1
        gain = {"analysis": 60.0, "hyper_analysis": 6.0}.get(name, 1.0) if last else 2.0
        spread = tf.keras.initializers.VarianceScaling(gain, "fan_avg", seed=len(name) + number)
        model.add(
            tfc.SignalConv2D(
                filters,
                (support, support),
                corr=down,
                strides_down=stride if down else 1,
                strides_up=1 if down else stride,
                padding="same_zeros",
                use_bias=True,
                activation=activation,
                kernel_parameter=kernel,
                kernel_initializer=spread,
                bias_initializer=tf.keras.initializers.RandomUniform(-0.1, 0.1, seed=number),
                name=f"layer_{number}",
            )
        )
    return model


def _kernel(draw: np.random.Generator, support: int, less: int, more: int) -> np.ndarray:
    """A kernel [support, support, less, more] of noise under a smooth window."""
    window = np.hanning(support + 2)[1:-1]
    kernel = draw.standard_normal((support, support, less, more)) * window[:, None, None, None] * window[:, None, None]
    return (kernel * 4.0 / support / np.sqrt(less)).astype(np.float32)


def _gdn(x: tf.Tensor, inverse: bool = False) -> tf.Tensor:
    """Generalised divisive normalisation with fixed parameters."""
    channels = x.shape[-1]
    gamma = (0.1 * np.eye(channels) + 0.02).astype(np.float32)[None, None]
    norm = tf.sqrt(tf.nn.bias_add(tf.nn.conv2d(tf.square(x), gamma, 1, "VALID"), np.ones(channels, np.float32)))
    return x * norm if inverse else x / norm


def _tables(scales: np.ndarray, half: int = 20, precision: int = 16) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """TFC 1's tables of a Laplacian for each scale: cumulative frequencies, their lengths, offsets."""
    values = np.arange(-half, half + 1)
    rows = []
    for scale in scales:
        pmf = np.exp(-np.abs(values) / scale)
        pmf = np.append(pmf, 0.01 * pmf.sum())  # the escape symbol
        rows.append(gen_ops.pmf_to_quantized_cdf((pmf / pmf.sum()).astype(np.float32), precision=precision).numpy())
    cdf = np.stack(rows).astype(np.int32)
    return cdf, np.full(len(scales), cdf.shape[1], np.int32), np.full(len(scales), -half, np.int32)


def _range_encode(tables: tuple) -> Callable:
    def call(pair):
        values, indexes = pair
        return gen_ops.ops.unbounded_index_range_encode(
            values, indexes, *tables, precision=16, overflow_width=4, debug_level=0
        )

    return call


def _range_decode(tables: tuple) -> Callable:
    def call(pair):
        string, indexes = pair
        return gen_ops.ops.unbounded_index_range_decode(
            string, indexes, *tables, precision=16, overflow_width=4, debug_level=0
        )

    return call


def _batched(call: Callable, pair: tuple, dtype: tf.DType) -> tf.Tensor:
    """`call` for each element of the batch, in a loop of version 1 where a graph is drawn."""
    return v1.map_fn(call, pair, dtype=dtype)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where to put <id>.metagraph")
    parser.add_argument("ids", nargs="*", help=f"which to build, or all of: {', '.join(MODELS)}")
    parser.add_argument("--filters", type=int, default=8, help="channels of the transforms (8)")
    parser.add_argument("--latents", type=int, default=12, help="channels of the latent (12)")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    for name in arguments.ids or MODELS:
        export(MODELS[name](arguments.filters, arguments.latents), arguments.folder / f"{name}.metagraph")


if __name__ == "__main__":
    main()
