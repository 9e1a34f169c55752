"""Responses of networks of four libraries against the libraries' own records, bit for bit."""

from __future__ import annotations

import dataclasses
import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.data import DataSet
from spikeatlas.snn.modules.module_state import copy_sharing_weights
from spikeatlas.snn.subjects import Responses, Showing
from spikeatlas.snn.subjects.module_source import ModuleSource
from spikeatlas.snn.subjects.module_subject import ModuleSubject
from tests.networks import spikingjelly_nets
from tests.networks.showing import (
    OTHER,
    SHOWING,
    SNNTORCH,
    SPIKINGJELLY,
    all_responses,
    module_source,
    picture_data,
)

HOOKS = dataclasses.replace(SHOWING, kind="plain")
GREY, COLOUR, LARGER = picture_data(), picture_data(3), picture_data(3, side=16, images=16)


def pictures(data: DataSet) -> Tensor:
    """A batch as the network gets it."""
    return torch.from_numpy(data.test.images[: SHOWING.batch_size]).float() / 255


def rates(spikes: Tensor) -> np.ndarray[Any, Any]:
    """Spikes a step and position (n, channels) of spikes (T, n, channels, ...)."""
    positions = spikes[0, 0, 0].numel()
    counts = (
        spikes.double().sum(0).flatten(2).sum(2) if spikes.dim() > 3 else spikes.double().sum(0)
    )
    return (counts.numpy() / (len(spikes) * positions)).astype(np.float32)


def first_batch(subject: ModuleSubject, data: DataSet) -> Responses:
    """Responses by hooks; those of a faster way are the same."""
    images = data.test.images[: SHOWING.batch_size]
    hooks = all_responses(subject, images, HOOKS)
    fast = all_responses(subject, images)
    assert all(np.array_equal(hooks[name], fast[name]) for name in subject.layers)
    return hooks


def holds(responses: Responses, records: dict[str, Tensor], *, most: float = 1.0) -> None:
    """Responses are the records', and the network is not silent."""
    assert list(responses) == list(records)
    for name, spikes in records.items():
        assert np.array_equal(responses[name], rates(spikes)), name
    assert all(0 < rows.mean() < most for rows in responses.values())


def module_of(source: ModuleSource) -> tuple[ModuleSubject, Any]:
    """A subject, and a copy of its module for the library's own record."""
    subject = source.example()
    return subject, copy_sharing_weights(subject._module)


def test_net_a_explicit_membranes_and_a_loop_inside() -> None:
    subject, net = module_of(module_source(f"{SNNTORCH}:tutorial"))
    holds(first_batch(subject, GREY), net.record(pictures(GREY)))


def test_net_b_nested_sequentials_with_hidden_membranes() -> None:
    a = module_source(f"{SNNTORCH}:tutorial").example()
    for source in (
        module_source(f"{SNNTORCH}:nested"),
        module_source(f"{SNNTORCH}:nested_step", time_steps=10),
    ):
        b = source.example()
        assert [name.removeprefix("net.") for name in b.layers] == ["0.2", "1.1", "4"]
        expected = first_batch(a, GREY).values()
        assert all(map(np.array_equal, first_batch(b, GREY).values(), expected))


@pytest.mark.parametrize("mode", ["s", "m"])
def test_net_c_with_dropout_and_voting(mode: str) -> None:
    source = module_source(
        f"{SPIKINGJELLY}:cifar", data=COLOUR, options={"mode": mode}, time_steps=6
    )
    subject, net = module_of(source)
    assert list(subject.layers) == ["2", "5", "9", "12", "17", "20"]
    x = pictures(COLOUR)
    frames = x if mode == "s" else x.repeat(6, 1, 1, 1, 1)
    records = spikingjelly_nets.monitored(net, frames, 6 if mode == "s" else 1)
    holds(first_batch(subject, COLOUR), records)
    assert subject.classes == 10


RESNET = [
    "sn1",
    *(f"layer{k}.{block}.sn{n}" for k in range(1, 5) for block in (0, 1) for n in (1, 2)),
]


def test_net_d_spiking_resnet_in_both_modes() -> None:
    results = []
    for mode in ("s", "m"):
        options = {"mode": mode}
        source = module_source(
            f"{SPIKINGJELLY}:resnet18", data=LARGER, options=options, time_steps=4
        )
        subject, net = module_of(source)
        assert list(subject.layers) == RESNET
        x = pictures(LARGER)
        frames = x if mode == "s" else x.repeat(4, 1, 1, 1, 1)
        records = spikingjelly_nets.monitored(net, frames, 4 if mode == "s" else 1)
        results.append(first_batch(subject, LARGER))
        holds(results[-1], records)
    assert all(np.array_equal(results[0][name], results[1][name]) for name in RESNET)


def test_net_e_shared_activations_of_an_ann() -> None:
    reference = {"images": 8}
    source = module_source(f"{OTHER}:torchvision_resnet18", data=LARGER, reference=reference)
    subject, net = module_of(source)
    assert len(subject.layers) == 17
    outputs: list[Tensor] = []
    net.layer1[0].relu.register_forward_hook(lambda _m, _i, output: outputs.append(output.clone()))
    with torch.no_grad():
        net(pictures(LARGER))
    activity = subject.activity(LARGER.test.images[:8], ["layer1.0.relu#1", "layer1.0.relu#2"])
    for means, output in zip(activity.values(), outputs, strict=True):
        assert np.allclose(means, output.double().mean((2, 3)).numpy(), rtol=1e-5, atol=1e-7)
    responses = first_batch(subject, LARGER)
    assert all(np.isfinite(rows).all() and rows.min() >= 0 for rows in responses.values())


def test_net_f_one_neuron_at_two_places() -> None:
    subject, net = module_of(module_source(f"{SNNTORCH}:two_places", time_steps=10))
    first, second = net.both(pictures(GREY))
    holds(first_batch(subject, GREY), {"lif#1": first, "lif#2": second})


def test_net_k_norse() -> None:
    subject, net = module_of(module_source(f"{OTHER}:norse"))
    first, second = net.both(pictures(GREY))
    holds(first_batch(subject, GREY), {"l": first, "l2": second})


def test_net_l_data_parallel() -> None:
    subject, net = module_of(module_source(f"{SNNTORCH}:parallel"))
    records = {
        f"module.{name}": spikes for name, spikes in net.module.record(pictures(GREY)).items()
    }
    holds(first_batch(subject, GREY), records)


def test_net_m_functions_alone() -> None:
    with pytest.raises(ValueError, match="no neuron module found"):
        module_source(f"{OTHER}:functional")


FACTORIES: list[tuple[str, DataSet, dict[str, Any]]] = [
    (f"{SNNTORCH}:tutorial", GREY, {}),
    (f"{SNNTORCH}:nested", GREY, {}),
    (f"{SPIKINGJELLY}:cifar", COLOUR, {"options": {"mode": "s"}, "time_steps": 4}),
    (f"{SPIKINGJELLY}:cifar", COLOUR, {"options": {"mode": "m"}, "time_steps": 4}),
    (f"{SNNTORCH}:two_places", GREY, {"time_steps": 10}),
    (f"{OTHER}:norse", GREY, {}),
    (f"{OTHER}:counting", GREY, {}),
]


def state_of(module: nn.Module) -> str:
    """All that its parts hold, as text."""
    return repr(
        [{k: v for k, v in vars(part).items() if k != "training"} for part in module.modules()]
    )


@pytest.mark.parametrize(("factory", "data", "fields"), FACTORIES)
def test_calls_change_nothing_and_threads_agree(
    factory: str, data: DataSet, fields: dict[str, Any]
) -> None:
    subject = module_source(factory, data=data, **fields).example()
    module = subject._parts.captures.mine().module
    torch.set_printoptions(threshold=10**6, precision=9)
    before = state_of(module)
    first, second = first_batch(subject, data), first_batch(subject, data)
    results: list[Responses] = []
    threads = [
        threading.Thread(target=lambda: results.append(first_batch(subject, data)))
        for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = state_of(module)
    torch.set_printoptions(profile="default")
    assert after == before
    for other in (second, *results):
        assert all(np.array_equal(other[name], first[name]) for name in first)
    assert len(results) == 2


def test_leftover_membranes_do_not_depend_on_the_size_of_batches() -> None:
    # trap 3: snnTorch keeps a membrane where the batch has the same size, and zeroes it where not
    subject = module_source(f"{SNNTORCH}:nested_step", time_steps=5).example()
    images = GREY.test.images
    single = all_responses(subject, images[:2], Showing(batch_size=1))
    eight = all_responses(subject, images[:2], Showing(batch_size=8))
    again = all_responses(subject, images[:2], Showing(batch_size=1))
    for name in single:
        assert np.array_equal(single[name], again[name])
        assert np.allclose(single[name], eight[name], atol=0.05)


def test_hard_resets_start_at_their_reset_potential() -> None:
    # trap 4: SpikingJelly's v starts at v_reset, and its memories are a dict of their own
    source = module_source(
        "tests.snn.subjects.test_module_subject_libraries:negative", time_steps=6
    )
    subject, net = module_of(source)
    records = spikingjelly_nets.monitored(net, pictures(GREY), 6)
    holds(first_batch(subject, GREY), records)


def negative() -> nn.Module:
    node = spikingjelly_nets.library()["neuron"].LIFNode
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 8), node(v_threshold=0.1, v_reset=-0.2), nn.Linear(8, 10), node(v_threshold=0.1, v_reset=-0.2)
    )  # fmt: skip
