"""What the analysis of a large atlas costs: ``python -m spikeatlas.flows.benchmark.scale [neurons] [epochs]``.

A made-up atlas on disk, of planted neurons (planted.py) with 1,000 test images and five searches each: first the
measures of every epoch on test images, as the unit ``analyze`` takes them, then all that is said over training.
What is read in MEIs, which needs networks, is not in it.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import zarr

from spikeatlas.snn import selectivity
from spikeatlas.tasks.analysis.planted import CLASSES, IMAGES
from spikeatlas.tasks.atlas import DONE, UNPLANNED, Layout, create, open_tree, write
from spikeatlas.tasks.stages.analyze import on_images
from spikeatlas.tasks.stages.conclude import conclude

REPEATS = 5
LAYERS = ("conv1", "conv2", "fc1", "fc2")
STUDY = '{"seed": 0, "training": {"labels": "true"}, "search": {"methods": ["screened"]}}'


def make(path: Path, neurons: int, epochs: int, rng: np.random.Generator) -> None:
    """Write the atlas: responses to test images, responses of searches, and the classes read in their MEIs."""
    labels = np.arange(IMAGES) % CLASSES
    each = neurons // len(LAYERS)
    layout = Layout(
        epochs=tuple(float(epoch) for epoch in range(epochs)), layers={layer: tuple(range(each)) for layer in LAYERS},
        blocks=dict.fromkeys(LAYERS, 64), methods=("screened",), repeats=REPEATS, budget=1, latent=1,
        latent_dtype="int16", image=(1, 1, 1), classes=tuple(map(str, range(CLASSES))), screening=1,
        natural_images=tuple(range(IMAGES)), natural_labels=tuple(labels.tolist()),
        natural_first=tuple(selectivity.halves(labels).astype(int).tolist()),
    )  # fmt: skip
    create(path, layout, {"study": STUDY, "layers": list(LAYERS), "layout": "{}"}, {})
    for epoch in layout.epochs:
        write.write_epoch(path, epoch, _epoch(labels, each, epoch, rng), "analysed")
    root = zarr.open_group(path, mode="r+")
    for layer in LAYERS:
        shape = (epochs, each, 1, REPEATS)
        status = np.full(shape, DONE, np.uint8)
        status[3::4, :, :, 2:] = UNPLANNED
        root[f"layers/{layer}/status"][:] = status  # type: ignore[index]
        root[f"layers/{layer}/response"][:] = rng.random(shape, np.float32)  # type: ignore[index]


def _epoch(
    labels: np.ndarray, each: int, epoch: float, rng: np.random.Generator
) -> dict[str, np.ndarray | np.generic]:
    arrays: dict[str, np.ndarray | np.generic] = {"accuracy": np.float32(1 - 0.9 / (1 + epoch))}
    for layer in LAYERS:
        means = np.full((each, CLASSES), 0.12)
        means[np.arange(each), np.arange(each) % CLASSES] += 0.2 * min(epoch, 4) / 4
        drawn = rng.binomial(16, means[:, labels].T)
        arrays[f"natural/response_{layer}"] = (drawn / 16).astype(np.float32)
    read = rng.integers(0, CLASSES, (each * len(LAYERS), 1, REPEATS)).astype(np.int16)
    arrays["selectivity/mei_reference_class"] = read
    return arrays


def measure_all(path: Path) -> None:
    """Take and store the measures on test images, epoch by epoch."""
    with open_tree(path) as tree:
        for epoch in tree.epoch.values:
            natural = tree["natural"].to_dataset().sel(epoch=epoch).load()
            parts = [
                on_images(natural, layer, CLASSES, np.random.default_rng(0)) for layer in LAYERS
            ]
            arrays = {
                f"selectivity/{name}": np.concatenate([part[name] for part in parts])
                for name in parts[0]
            }
            write.write_epoch(path, float(epoch), arrays)


def main(neurons: int = 10_000, epochs: int = 20) -> None:
    """Print seconds and memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run" / "atlas.zarr"
        make(path, neurons, epochs, np.random.default_rng(0))
        start, worked = time.perf_counter(), time.process_time()
        measure_all(path)
        measured = time.perf_counter()
        conclude(path)
        end, worked = time.perf_counter(), time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"{neurons:,} neurons, {epochs} epochs, {IMAGES:,} test images")
    print(
        f"measures {measured - start:.0f} s, over training {end - measured:.0f} s, together {end - start:.0f} s"
    )
    print(f"peak memory {peak:.1f} GB (with the making of the atlas)")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
