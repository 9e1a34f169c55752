"""What tandem learning can train, and where it leaves checkpoints."""

from __future__ import annotations

from typing import Any

import pytest

from spikeatlas.snn.networks import NetworkSpec, ResNetArchitecture
from spikeatlas.snn.neurons import ATan
from spikeatlas.snn.training import TrainingSpec
from spikeatlas.snn.training.backends import EagerBackend
from spikeatlas.snn.training.methods.tandem import TandemMethod
from tests.snn.training.methods.tandem.tandem_nets import FIELDS, SPEC

TANDEM = TrainingSpec(method=TandemMethod())


def test_its_places_are_beginnings_and_ends_of_stages() -> None:
    method = TandemMethod()

    assert method.places(SPEC, 4) == (0, 0.5, 1, 1.5, 2, 2.5)
    assert method.places(SPEC, 0) == (0,)
    assert method.place_problems(SPEC, 4, [0, 2.5]) == []
    (problem,) = method.place_problems(SPEC, 4, [0.5, 0.25, 3])
    assert problem == (
        "0.25, 3 has no checkpoint, for tandem leaves one at each stage; choose among 0, 0.5, 1, 1.5, 2, 2.5"
    )


def test_it_may_stop_at_some_stage() -> None:
    assert TandemMethod(stages=0).places(SPEC, 4) == (0, 0.5)
    assert TandemMethod(stages=1).places(SPEC, 4) == (0, 0.5, 1, 1.5)
    (problem,) = TrainingSpec(method=TandemMethod(stages=3)).problems(SPEC)
    assert problem.endswith(
        "convert 3 layers, and 2 are hidden; set stages to at most 2, or leave it out"
    )


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"neuron": "leaky"}, "converts neurons of its own, not leaky; set network.neuron to tandem"),
        ({"coding": "current"}, "not by coding current; set network.coding to first-step"),
        ({"decoding": "rate"}, "which decoding rate is not made for; set network.decoding to mean"),
        ({"pool": "max"}, "set network.pool to average or none"),
        ({"norm": "batch"}, "set network.norm to {kind: batch, statistics: sum} or none"),
        ({"threshold": 2.0}, "measures thresholds; leave network.threshold out"),
        ({"channels": (), "hidden": (), "norm": "none"}, "and there are none; give network.channels or network.hidden"),
    ],
)  # fmt: skip
def test_networks_that_it_cannot_train(fields: dict[str, Any], sentence: str) -> None:
    network = NetworkSpec(**({"channels": (3,), "hidden": (6,)} | FIELDS | fields))

    (problem,) = TANDEM.problems(network)

    assert problem.startswith("training.method: tandem ")
    assert problem.endswith(sentence)


@pytest.mark.parametrize(
    ("images", "batch_size", "smallest"),
    [(120, 1, 1), (120, 2, 2), (120, 50, 36), (4, 2, 1), (3, 2, 2), (2, 9, 1), (1, 9, 0)],
)
def test_batches_are_of_what_is_left(images: int, batch_size: int, smallest: int) -> None:
    assert TandemMethod().smallest_batch(images, batch_size) == smallest


def test_a_network_that_is_no_chain() -> None:
    (problem,) = TANDEM.problems(ResNetArchitecture())

    assert (
        problem
        == "training.method: tandem converts layers that stand in a row; use network.kind: chain"
    )


def test_other_methods_do_not_train_its_neurons() -> None:
    assert TANDEM.problems(SPEC) == []
    assert TANDEM.backend_problems(SPEC) == []
    (problem,) = TrainingSpec().problems(SPEC)
    assert problem == "training.method: backprop cannot train such a network; choose tandem"


def test_fields_that_it_does_not_read() -> None:
    training = TrainingSpec(method=TandemMethod(), backend=EagerBackend(), surrogate=ATan())

    assert training.problems(SPEC) == [
        "training.backend: tandem does not read it; leave it out",
        "training.surrogate: tandem does not read it; leave it out",
    ]


def test_one_normalisation_for_all_leaves_the_output_out() -> None:
    assert [norm.kind for norm in SPEC.norms] == ["batch", "batch", "none"]
