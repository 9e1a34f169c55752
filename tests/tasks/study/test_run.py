from __future__ import annotations

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.study.blocks import block_size
from spikeatlas.tasks.study.digests import seed_of


@pytest.mark.parametrize(
    ("neurons", "wanted", "size"),
    [
        (10, "auto", 10),
        (64, "auto", 64),
        (65, "auto", 33),
        (200, "auto", 50),
        (10, 4, 4),
        (3, 8, 3),
        (7, 1, 1),
    ],
)
def test_blocks_are_even_and_bounded(neurons: int, wanted: int | str, size: int) -> None:
    assert block_size(neurons, wanted) == size


def test_blocks_cover_every_neuron_once(made: Checked) -> None:
    covered = [(b.layer, n) for b in made.run.blocks(0) for n in range(b.start, b.stop)]

    assert sorted(covered) == [
        (layer, n) for layer in made.run.layers for n in made.run.layers[layer]
    ]


def test_seeds_depend_on_every_name() -> None:
    names = (0, "search", 5.0, "conv2", 3, "tt", 0)
    seeds = {seed_of(*names)} | {
        seed_of(*names[:i], value, *names[i + 1 :])  # type: ignore[arg-type]
        for i, value in enumerate((1, "report", 0.5, "conv1", 4, "random", 1))
    }

    assert len(seeds) == len(names) + 1
    assert all(0 <= seed < 2**63 for seed in seeds)
