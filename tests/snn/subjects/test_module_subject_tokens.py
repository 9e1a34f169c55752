from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spikeatlas.snn.layer_info import LayerInfo, spike_unit
from spikeatlas.snn.readings import RATE
from spikeatlas.snn.subjects import Showing
from spikeatlas.snn.subjects.read import read_source, reading_problems
from tests.networks import token_nets
from tests.networks.showing import KEY, all_responses, module_source, picture_data
from tests.networks.token_nets import TOKENS, WIDTH

NETS = "tests.networks.token_nets"
IMAGES = picture_data().test.images
PIXELS = torch.from_numpy(IMAGES) / 255
FEW = {"quantile": 0.5, "images": 8}


def activity(factory: str, layer: str, unit: Any = "channel", **fields: Any) -> NDArray[np.float64]:
    """Raw numbers of a layer, (n, neurons)."""
    subject = module_source(f"{NETS}:{factory}", **fields).example()
    means: NDArray[np.float64] = subject.activity(IMAGES, [layer], unit)[layer]
    return means


def expected(factory: str, path: str) -> NDArray[np.float64]:
    """The part's own outputs, (n, tokens, features)."""
    subject = module_source(f"{NETS}:{factory}", layers=[path]).example()
    values: NDArray[np.float64] = token_nets.outputs(subject._module, path, PIXELS).double().numpy()
    return values


@pytest.mark.parametrize(
    ("path", "width"),
    [
        ("blocks.0", WIDTH),
        ("blocks.1.attention", WIDTH),
        ("blocks.1.norm2", WIDTH),
        ("blocks.0.fc1", 20),
        ("blocks.0.act", 20),
        ("blocks", WIDTH),
    ],
)
def test_neurons_of_tokens_are_their_features(path: str, width: int) -> None:
    source = module_source(f"{NETS}:transformer", layers=[path])
    assert (source.layers[path].neurons, source.layers[path].map) == (width, (1, TOKENS))
    values = expected("transformer", path)
    assert values.shape == (len(IMAGES), TOKENS, width)
    assert np.allclose(activity("transformer", path, layers=[path]), values.mean(1), atol=1e-6)
    # a token is a place of the map's one row
    token = activity("transformer", path, (0, 5), layers=[path])
    assert np.allclose(token, values[:, 5], atol=1e-6)


def test_parts_of_which_nothing_tells_the_neurons_are_left_out_and_said() -> None:
    source = module_source(f"{NETS}:transformer")
    assert list(source.layers) == ["blocks.0.act", "blocks.1.act"]
    reason = "first gives 16 x 12 numbers for an image, and nothing says which axis is its neurons"
    assert reason in source.facts["no layer is"]
    with pytest.raises(ValueError, match=f"^network.layers: {reason}: name a part beside it"):
        module_source(f"{NETS}:transformer", layers=["first"])


def test_a_torchvision_transformer() -> None:
    paths = [f"1.encoder.layers.encoder_layer_{number}" for number in (0, 1)]
    layers = [f"{paths[0]}.mlp.1", *paths]
    source = module_source(f"{NETS}:vision_transformer", layers=layers, reference=FEW)
    assert [info.neurons for info in source.layers.values()] == [20, WIDTH, WIDTH]
    assert {info.map for info in source.layers.values()} == {(1, TOKENS + 1)}
    values = expected("vision_transformer", paths[1])
    assert np.allclose(
        activity("vision_transformer", paths[1], layers=layers), values.mean(1), atol=1e-6
    )
    # the class token alone
    token = activity("vision_transformer", paths[1], (0, 0), layers=layers)
    assert np.allclose(token, values[:, 0], atol=1e-6)
    subject = source.open(0)
    whole = subject.responses(IMAGES, {paths[1]: range(WIDTH)}, Showing(key=KEY))
    for name, responses in all_responses(subject, IMAGES).items():
        assert np.isfinite(responses).all()
        if name == paths[1]:
            # whatever else is asked for
            assert np.array_equal(whole[name], responses)


def test_a_silent_feature_is_silent_in_every_token() -> None:
    subject = module_source(f"{NETS}:transformer", layers=["blocks.0.act", "blocks.1.act"]).open(0)
    silent = subject.silenced("blocks.0.act", 3)
    before, after = (all_responses(each, IMAGES) for each in (subject, silent))
    assert not after["blocks.0.act"][:, 3].any()
    rest = np.delete(after["blocks.0.act"], 3, 1), np.delete(before["blocks.0.act"], 3, 1)
    assert np.array_equal(*rest)
    assert not np.array_equal(before["blocks.1.act"], after["blocks.1.act"])


def test_an_lstm_has_its_steps_for_positions() -> None:
    source = module_source(f"{NETS}:recurrent", layers=["rows"])
    assert (source.layers["rows"].neurons, source.layers["rows"].map) == (7, (1, 8))
    subject = source.example()
    values = token_nets.outputs(subject._module, "rows", PIXELS).double().numpy()
    assert values.shape == (8, len(IMAGES), 7)
    assert np.allclose(activity("recurrent", "rows", layers=["rows"]), values.mean(0), atol=1e-6)
    last = activity("recurrent", "rows", (0, 7), layers=["rows"])
    assert np.allclose(last, values[7], atol=1e-6)
    assert not all_responses(subject.silenced("rows", 2), IMAGES)["rows"][:, 2].any()


def test_positions_of_a_row_are_checked() -> None:
    source = module_source(f"{NETS}:transformer")
    assert reading_problems(source, RATE, (0, TOKENS - 1)) == []
    assert reading_problems(source, RATE, "centre") == []
    (problem,) = reading_problems(source, RATE, (1, 0))
    assert "unit is [1, 0]" in problem


def test_layers_of_torchs_encoder_answer_alike_whatever_else_is_asked_for() -> None:
    paths = ["encoder.layers.0.linear1", "encoder.layers.0", "encoder.layers.2"]
    source = module_source(f"{NETS}:encoder", layers=paths, reference=FEW)
    assert [(info.neurons, info.map) for info in source.layers.values()] == [
        (128, (1, 16)),
        (64, (1, 16)),
        (64, (1, 16)),
    ]
    subject = source.example()
    whole = all_responses(subject, IMAGES)
    for path in paths:
        alone = subject.responses(IMAGES, {path: range(64)}, Showing(batch_size=8, key=KEY))[path]
        assert np.array_equal(alone, whole[path][:, :64])
    values = token_nets.outputs(subject._module, paths[2], PIXELS).double().numpy()
    assert np.allclose(subject.activity(IMAGES, paths)[paths[2]], values.mean(0), atol=1e-5)


@pytest.mark.parametrize("gain", [3.0, 0.0])
def test_spiking_neurons_of_tokens(gain: float) -> None:
    source = module_source(f"{NETS}:spiking_tokens", options={"gain": gain})
    assert source.layers["lif1"] == LayerInfo(WIDTH, (1, TOKENS), spike_unit(5, (1, TOKENS)))
    assert (source.layers["lif2"].neurons, source.time_steps) == (10, 5)
    subject = source.example()
    # no faster way has their axes: silent ones would look alike in any
    respond = subject.responder({"lif1": range(WIDTH)}, Showing(batch_size=8))
    assert "hooks" in respond.describe()[0]
    spikes: list[torch.Tensor] = []
    handle = subject._module.get_submodule("lif1").register_forward_hook(
        lambda *call: spikes.append(call[2][0])
    )
    with torch.no_grad():
        subject._module(PIXELS)
    handle.remove()
    rates = torch.stack(spikes).double().mean((0, 2)).float().numpy()
    assert np.array_equal(respond(IMAGES)["lif1"], rates)
    assert rates.any() == (gain > 0)


def test_a_token_is_read_as_a_position() -> None:
    source = module_source(f"{NETS}:transformer", reference=FEW)
    subject = read_source(source, RATE, (0, 5)).open(0)
    assert subject.layers["blocks.0.act"].map == ()
    responses = all_responses(subject, IMAGES)["blocks.0.act"]
    values = expected("transformer", "blocks.0.act")[:, 5]
    reference = subject.references()["blocks.0.act"]
    assert np.allclose(responses, values / reference, atol=1e-5)
