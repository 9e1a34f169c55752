"""How many images are in memory at once."""

from __future__ import annotations

from collections.abc import Sequence

from spikeatlas.snn.responder.kernels.tiling import LANES
from spikeatlas.snn.responder.plan import LayerPlan
from spikeatlas.snn.responder.shapes import Shape

# Bytes of one chunk's first currents: they are still in the cache when they are looked at.
_CACHED = 7 * 2**20
# Frames (images times steps) in one call of torch's operator: enough for its full speed.
_FRAMES = 256


def chunk_images(
    shapes: Sequence[Shape],
    layers: Sequence[LayerPlan],
    *,
    time_steps: int,
    batch_size: int,
    memory: int,
) -> int:
    """Images that go through all layers together, at least 1, in half of ``memory`` bytes."""
    first = layers[0].way in ("trains", "direct", "steps")
    each = (
        first_bytes(shapes[0], layers[0], time_steps) if first else _encoded(shapes[0], time_steps)
    )
    steps = -(-time_steps // 8)
    each += sum(2 * steps * shape.outputs * (shape.filters + LANES) for shape in shapes)
    fitting = memory // 2 // each
    if first:
        computed = 4 * shapes[0].positions * len(layers[0].neurons)
        fitting = min(fitting, _CACHED // computed)
    return _even(batch_size, max(1, min(batch_size, fitting)))


def _even(batch_size: int, largest: int) -> int:
    """Chunk that divides the batch, if there is one not much below the largest possible."""
    divisors = [size for size in range(largest, 0, -1) if batch_size % size == 0]
    return divisors[0] if 3 * divisors[0] >= 2 * largest else largest


def first_bytes(shape: Shape, layer: LayerPlan, time_steps: int) -> int:
    """Memory for one image in a first layer under constant current."""
    if layer.way == "direct":
        return 8 * len(layer.neurons)
    neurons = shape.outputs * len(layer.neurons)
    # pixels and their layout; currents, twice; lists of trains, or membranes and spikes
    listed = 6 * neurons if layer.way == "trains" else neurons * (8 + 5 * time_steps)
    return 16 * shape.input_map + 8 * shape.positions * len(layer.neurons) + listed


def _encoded(shape: Shape, time_steps: int) -> int:
    """Memory for the spike trains of one stimulus: numbers, spikes as float32, bits."""
    return 10 * time_steps * shape.input_map


def frame_images(shape: Shape, time_steps: int, memory: int) -> int:
    """Images whose frames are computed together, at least 1, in a quarter of ``memory`` bytes."""
    frame = 4 * 3 * (shape.input_map + shape.positions * shape.filters)
    frames = min(_FRAMES, memory // 4 // frame)
    return max(1, frames // time_steps)
