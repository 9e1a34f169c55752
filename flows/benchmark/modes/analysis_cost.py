"""The cost of the analysis of a large atlas.

A made-up atlas on disk, of planted neurons (``planted.py``) with 1,000 test images and five searches each: first the
measures of every epoch on test images, as the unit ``analyze`` takes them, then all that is said over training.
What is read in MEIs, which needs networks, is not in it.
"""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from spikeatlas.flows.benchmark.planted import CLASSES, IMAGES
from spikeatlas.snn import selectivity
from spikeatlas.tasks.atlas import (
    ANALYSED,
    DONE,
    UNPLANNED,
    Layout,
    create,
    open_tree,
    path_of,
    write,
)
from spikeatlas.tasks.stages.analyze import on_images
from spikeatlas.tasks.stages.conclude import conclude

REPEATS = 5
LAYERS = ("conv1", "conv2", "fc1", "fc2")
STUDY = '{"seed": 0, "training": {"labels": "true"}, "search": {"methods": ["screened"]}}'


def time_analysis(neurons: Sequence[int] = (10_000,), epochs: int = 20) -> Iterator[str]:
    """Yield seconds and memory of the analysis of atlases with so many neurons."""
    for count in neurons:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "run" / "atlas.zarr"
            make(path, count, epochs, np.random.default_rng(0))
            start = time.perf_counter()
            measure_all(path)
            middle = time.perf_counter()
            conclude(path)
            end = time.perf_counter()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        yield f"{count:,} neurons, {epochs} epochs, {IMAGES:,} test images"
        yield f"measures {middle - start:.0f} s, over training {end - middle:.0f} s, together {end - start:.0f} s"
        yield f"peak memory {peak:.1f} GB (with the making of the atlas)"


def make(path: Path, neurons: int, epochs: int, rng: np.random.Generator) -> None:
    """Write the atlas: responses to test images, responses of searches, and the classes read in their MEIs."""
    labels = np.arange(IMAGES) % CLASSES
    count = neurons // len(LAYERS)
    layout = Layout(
        epochs=tuple(float(epoch) for epoch in range(epochs)),
        layers={layer: tuple(range(count)) for layer in LAYERS},
        blocks=dict.fromkeys(LAYERS, 64),
        methods=("screened",),
        repeats=REPEATS,
        budget=1,
        latent=1,
        latent_dtype="int16",
        image=(1, 1, 1),
        classes=tuple(map(str, range(CLASSES))),
        screening=1,
        natural_images=tuple(range(IMAGES)),
        natural_labels=tuple(labels.tolist()),
        natural_first=tuple(selectivity.halves(labels).astype(int).tolist()),
    )
    create(path, layout, {"study": STUDY, "layers": list(LAYERS)}, {})
    for epoch in layout.epochs:
        arrays = _natural(labels, count, epoch, rng) | _searches(count, rng)
        write.write_epoch(path, epoch, arrays, ANALYSED)


def _natural(
    labels: np.ndarray, count: int, epoch: float, rng: np.random.Generator
) -> dict[str, np.ndarray | np.generic]:
    """Draw responses to test images, more selective from epoch to epoch."""
    arrays: dict[str, np.ndarray | np.generic] = {
        "progress/accuracy": np.float32(1 - 0.9 / (1 + epoch))
    }
    for layer in LAYERS:
        means = np.full((count, CLASSES), 0.12)
        means[np.arange(count), np.arange(count) % CLASSES] += 0.2 * min(epoch, 4) / 4
        spikes = rng.binomial(16, means[:, labels].T)
        arrays[path_of("natural_image_response", layer)] = (spikes / 16).astype(np.float32)
    return arrays


def _searches(count: int, rng: np.random.Generator) -> dict[str, np.ndarray | np.generic]:
    """Draw the searches' responses and what is read in their MEIs; every fourth neuron is searched twice alone."""
    shape = (count, 1, REPEATS)
    status = np.full(shape, DONE, np.uint8)
    status[3::4, :, 2:] = UNPLANNED
    arrays: dict[str, np.ndarray | np.generic] = {}
    for layer in LAYERS:
        arrays[path_of("status", layer)] = status
        arrays[path_of("response", layer)] = rng.random(shape, np.float32)
    read = rng.integers(0, CLASSES, (count * len(LAYERS), 1, REPEATS)).astype(np.int16)
    return {**arrays, "meis/mei_reference_class": read}


def measure_all(path: Path) -> None:
    """Take and store the measures on test images, epoch by epoch."""
    with open_tree(path) as tree:
        for epoch in tree.progress.epoch.values:
            parts = [
                on_images(
                    tree[f"natural_image/{layer}"].sel(epoch=epoch).load(),
                    CLASSES,
                    np.random.default_rng(0),
                )
                for layer in LAYERS
            ]
            arrays = {
                f"selectivity/{name}": np.concatenate([part[name] for part in parts])
                for name in parts[0]
            }
            write.write_epoch(path, float(epoch), arrays, ANALYSED)
