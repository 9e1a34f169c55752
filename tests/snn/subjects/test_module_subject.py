from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spikeatlas.snn.coding import CodingKey
from spikeatlas.snn.importance import ImportanceSite
from spikeatlas.snn.importance.ablation import ablate
from spikeatlas.snn.responder.plain import PlainResponder
from spikeatlas.snn.subjects import ChainSubject, LackError, Responses, Showing, Subject
from tests.networks.other_nets import Small
from tests.networks.showing import (
    KEY,
    OTHER,
    SHOWING,
    SNNTORCH,
    UNCOMMON,
    all_responses,
    module_source,
    picture_data,
)
from tests.networks.twin import chain

TWIN = "tests.networks.twin:twin"
HERE = "tests.snn.subjects.test_module_subject"
IMAGES = picture_data().test.images
NORMALISE = {"mean": [0.3], "std": [0.3]}


def equal(first: Responses, second: Responses) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )


def test_responses_are_those_of_our_chain_with_the_same_weights() -> None:
    net = chain()
    subject = module_source(TWIN, normalise=NORMALISE).example()
    theirs = all_responses(subject, IMAGES)
    ours = PlainResponder(net, net.layers, batch_size=8)(IMAGES)
    for name, own in zip(theirs, ours, strict=True):
        assert theirs[name].dtype == np.float32
        assert np.array_equal(theirs[name], ours[own])


def test_silencing_is_that_of_our_ablation() -> None:
    net = chain()
    labels = picture_data().test.labels
    subject = module_source(TWIN, normalise=NORMALISE).example()
    sizes = dict(list(net.sizes.items())[:3])
    ablation = ablate(
        ImportanceSite(
            ChainSubject(net),
            IMAGES,
            labels,
            {name: range(size) for name, size in sizes.items()},
            KEY,
        )
    )
    names = dict(zip(sizes, subject.layers, strict=False))
    scores = subject.scores_without(
        IMAGES, {names[name]: range(size) for name, size in sizes.items()}, Showing(batch_size=256)
    )
    for name in sizes:
        accuracies = (scores[names[name]].argmax(2) == labels).mean(1)
        assert np.array_equal(accuracies, ablation.silenced[name].accuracy)
    intact = subject.scores(IMAGES, SHOWING)
    assert (intact.argmax(1) == labels).mean() == ablation.intact.accuracy


def test_a_silent_neuron_never_responds_and_changes_what_follows() -> None:
    subject = module_source(TWIN, normalise=NORMALISE).example()
    first, second = list(subject.layers)[:2]
    silent = subject.silenced(first, 1)
    before, after = all_responses(subject, IMAGES), all_responses(silent, IMAGES)
    assert not after[first][:, 1].any()
    assert np.array_equal(np.delete(after[first], 1, 1), np.delete(before[first], 1, 1))
    assert not np.array_equal(after[second], before[second])
    assert equal(all_responses(subject, IMAGES), before)
    with pytest.raises(LackError, match="another is silent already"):
        silent.silenced(first, 0)


def test_neurons_stand_in_the_order_asked_for() -> None:
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    whole = all_responses(subject, IMAGES)
    some = subject.responses(IMAGES, {"lif2": [5, 0], "lif1": [3]}, SHOWING)
    assert np.array_equal(some["lif2"], whole["lif2"][:, [5, 0]])
    assert np.array_equal(some["lif1"], whole["lif1"][:, [3]])


def test_a_response_depends_on_its_stimulus_alone() -> None:
    subject = module_source(f"{SNNTORCH}:nested_step", time_steps=5).example()
    whole = all_responses(subject, IMAGES)
    assert equal(
        all_responses(subject, IMAGES[3:5]), {name: rows[3:5] for name, rows in whole.items()}
    )
    assert {name: rows.shape for name, rows in all_responses(subject, IMAGES[:0]).items()} == {
        name: (0, layer.neurons) for name, layer in subject.layers.items()
    }


def test_threads_share_a_responder() -> None:
    subject = module_source(f"{SNNTORCH}:nested_step", time_steps=5).example()
    respond = subject.responder({"1.1": range(6)}, SHOWING)
    expected = respond(IMAGES)
    results: list[Responses] = []
    threads = [threading.Thread(target=lambda: results.append(respond(IMAGES))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 2
    assert all(equal(result, expected) for result in results)


def test_the_plan_names_the_hooks_and_says_why() -> None:
    subject = module_source(f"{SNNTORCH}:nested_step", time_steps=5).example()
    neurons = {"0.2": [0]}
    (line,) = subject.responder(neurons, Showing(kind="plain")).describe()
    assert (
        line == "0.2: hooks, the module ends at the deepest layer (the plainest way is asked for)"
    )
    (line,) = subject.silenced("0.2", 1).responder(neurons, Showing()).describe()
    assert line == "0.2: hooks, the module runs whole (a neuron is silent)"


class TopDown(nn.Module):
    """Its first layer hears the last of the step before."""

    def __init__(self) -> None:
        super().__init__()
        self.relu1, self.fc1, self.relu2 = nn.ReLU(), nn.Linear(64, 64), nn.ReLU()
        self.before: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        inputs = x.flatten(1)
        inputs = inputs if self.before is None else inputs + self.before
        self.before = self.relu2(self.fc1(self.relu1(inputs)))
        return self.before


def top_down() -> nn.Module:
    return TopDown()


def test_recurrence_from_deeper_layers_forbids_truncation() -> None:
    subject = module_source(f"{HERE}:top_down", input="steps", time_steps=3).example()
    (line,) = subject.responder({"relu1": [0]}, SHOWING).describe()
    assert "runs whole" in line
    whole = all_responses(subject, IMAGES)
    assert equal(
        subject.responses(IMAGES, {"relu1": range(64)}, SHOWING), {"relu1": whole["relu1"]}
    )


def test_activations_are_in_natural_maxima() -> None:
    subject = module_source(f"{OTHER}:small", reference={"quantile": 0.9, "images": 30}).example()
    responses = all_responses(subject, IMAGES)
    activity = subject.activity(IMAGES, ["relu1", "relu2"])
    for name, reference in subject.references().items():
        assert reference.dtype == np.float32
        assert np.allclose(responses[name] * reference, activity[name], rtol=1e-6)
        active = ~subject.inactive[name]
        # thirty of these images are those that it was measured with
        share = (responses[name][:30, active] <= 1).mean(0)
        assert ((share >= 0.86) & (share <= 0.94)).all()
        assert responses[name].max() > 1


def test_a_channel_that_is_never_active_has_its_own_unit() -> None:
    subject = module_source(f"{HERE}:with_a_dead_channel").example()
    assert subject.references()["relu1"][2] == 1
    assert subject.inactive["relu1"].tolist() == [False, False, True, False, False]
    assert not all_responses(subject, IMAGES)["relu1"][:, 2].any()


def with_a_dead_channel() -> nn.Module:
    net = Small()
    net.get_parameter("conv.bias").data.copy_(torch.tensor([1.0, 1.0, -100.0, 1.0, 1.0]))
    return net


class Certain(Small):
    """Sure of its class in bright images, as MANGO's networks were."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) + 100 * (x.mean((1, 2, 3)) > 0.5)[:, None] * torch.eye(10)[3]


def certain() -> nn.Module:
    return Certain()


def test_a_probability_of_exactly_one_is_kept() -> None:
    subject = module_source(f"{HERE}:certain", classes="probability").example()
    images = IMAGES.copy()
    images[2] = 255
    probabilities = subject.responses(images, {"classes": [3, 5]}, SHOWING)["classes"]
    assert probabilities[2, 0] == 1.0
    assert probabilities.max() == subject.layers["classes"].unit.top
    rest = np.delete(probabilities, 2, 0)
    assert ((rest > 0) & (rest < 1)).any()


@pytest.mark.parametrize("readout", ["auto", "lif3"])
def test_classes_beside_other_layers(readout: str) -> None:
    subject = module_source(f"{SNNTORCH}:tutorial", classes="logit", readout=readout).example()
    responses = subject.responses(IMAGES, {"classes": [4, 1], "lif3": [1], "lif1": [0]}, SHOWING)
    scores = subject.scores(IMAGES, SHOWING)
    assert np.array_equal(responses["classes"], scores[:, [4, 1]].astype(np.float32))
    assert np.array_equal(responses["lif3"][:, 0] * 10, responses["classes"][:, 1])
    with pytest.raises(LackError, match="a class is no neuron"):
        subject.silenced("classes", 0)
    silent = subject.silenced("lif3", 4)
    assert not silent.responses(IMAGES, {"classes": [4]}, SHOWING)["classes"].any()


def drawn(subject: Subject, seed: int = 0, **fields: Any) -> Responses:
    return all_responses(
        subject, IMAGES, Showing(batch_size=8, key=CodingKey(seed, "", "a"), **fields)
    )


@pytest.mark.parametrize(
    ("factory", "fields"),
    [
        (f"{OTHER}:drawing", {}),
        (f"{SNNTORCH}:nested_step", {"coding": "poisson", "input": "steps", "time_steps": 5}),
    ],
)
def test_answers_that_are_drawn_repeat_under_their_key(
    factory: str, fields: dict[str, Any]
) -> None:
    subject = module_source(factory, **fields).example()
    assert subject.stochastic
    first = drawn(subject)
    assert equal(drawn(subject), first)
    assert not equal(drawn(subject, seed=1), first)
    more = drawn(subject, presentations=3)
    showings = [
        all_responses(subject, IMAGES, Showing(batch_size=8, key=CodingKey(0, "", "a", number)))
        for number in range(3)
    ]
    for name, rows in more.items():
        assert np.allclose(
            rows, np.mean([showing[name] for showing in showings], axis=0), atol=1e-6
        )
    with pytest.raises(ValueError, match="key is missing"):
        all_responses(subject, IMAGES, Showing())
    with pytest.raises(ValueError, match="key is missing"):
        subject.scores(IMAGES, Showing())


@pytest.mark.parametrize(
    ("neurons", "showing", "sentence"),
    [
        ({"lif4": [0]}, SHOWING, "names 'lif4', but the network has lif1, lif2, lif3"),
        ({"lif1": [4]}, SHOWING, r"neurons of layer 'lif1' are \[4\]: give at least one of 0 to 3"),
        ({"lif1": []}, SHOWING, "give at least one"),
        ({}, SHOWING, "layers is empty"),
        ({"lif1": [0]}, Showing(batch_size=0), "batch_size is 0"),
        ({"lif1": [0]}, Showing(presentations=0), "presentations is 0"),
    ],
)
def test_what_cannot_be_asked(
    neurons: dict[str, list[int]], showing: Showing, sentence: str
) -> None:
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    with pytest.raises(ValueError, match=sentence):
        subject.responder(neurons, showing)


def test_stimuli_of_another_shape_or_type() -> None:
    subject = module_source(f"{SNNTORCH}:tutorial").example()
    respond = subject.responder({"lif1": [0]}, SHOWING)
    with pytest.raises(ValueError, match=r"the network takes \(n, 1, 8, 8\)"):
        respond(IMAGES[:, :, :4])
    with pytest.raises(ValueError, match="stimuli are uint8"):
        respond(IMAGES.astype(np.float32))


def headless() -> nn.Module:
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU())


def test_without_read_out_there_are_no_scores() -> None:
    source = module_source(f"{HERE}:headless")
    assert "readout" in source.lacks
    assert source.classes is None
    with pytest.raises(LackError, match="no read-out"):
        source.example().scores(IMAGES, SHOWING)
    with pytest.raises(ValueError, match=r"network.classes needs a read-out"):
        module_source(f"{HERE}:headless", classes="logit")


def test_spike_trains_step_by_step_and_as_frames_are_the_same() -> None:
    fields: dict[str, Any] = {"coding": "poisson", "time_steps": 6}
    steps = module_source(f"{SNNTORCH}:nested_step", input="steps", **fields).example()
    frames = module_source(f"{SNNTORCH}:frame_loop", input="frames", **fields).example()
    first, second = all_responses(steps, IMAGES), all_responses(frames, IMAGES)
    assert [f"step.{name}" for name in first] == list(second)
    assert all(map(np.array_equal, first.values(), second.values()))
    assert np.array_equal(steps.scores(IMAGES, SHOWING), frames.scores(IMAGES, SHOWING))
    assert frames.time_steps == 6


def test_neurons_that_no_library_calls_so_are_named_by_hand() -> None:
    source = module_source(f"{SNNTORCH}:folded_sequence", layers=["neurons"], time_steps=6)
    assert source.trial.drive.kind == "frames"
    assert source.layers["neurons"].unit.top == 1.0
    responses = all_responses(source.example(), IMAGES)["neurons"]
    assert 0 < responses.mean() < 1
    assert np.allclose(responses * 6, np.rint(responses * 6), atol=1e-5)


def test_without_class_mode_a_layer_may_be_named_classes() -> None:
    source = module_source(f"{UNCOMMON}:named_classes", reference={"images": 8})
    assert (list(source.layers), source.outputs) == (["classes"], ())
    subject = source.example()
    responses = all_responses(subject, IMAGES)["classes"]
    assert responses.shape == (len(IMAGES), 10)
    assert np.array_equal(
        responses > 0, subject.scores(IMAGES, SHOWING) > 0
    )  # the ReLU's outputs are the scores
    assert not all_responses(subject.silenced("classes", 3), IMAGES)["classes"][:, 3].any()


def test_answers_that_are_no_numbers_are_a_sentence() -> None:
    dark = IMAGES.copy()
    dark[[2, 30]] = 0
    subject = module_source(f"{UNCOMMON}:dividing").example()
    subject.check()
    with pytest.raises(ValueError, match=r"in layer relu1 are NaN or infinite for 1 of 8 images"):
        all_responses(subject, dark)
    with pytest.raises(ValueError, match=r"in its read-out output are NaN .* for 2 of 40 images"):
        subject.scores(dark, SHOWING)
    with pytest.raises(ValueError, match=r"in layer relu2 are NaN or infinite for 2 of 40 images"):
        subject.activity(dark, ["relu2"])
