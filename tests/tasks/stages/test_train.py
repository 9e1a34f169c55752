"""Training: each file is made once, for runs and benchmarks alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.snn.generators import digest_generator
from spikeatlas.snn.subjects import ChainSpec
from spikeatlas.snn.training import epoch_path, read_header
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.stages import train
from spikeatlas.tasks.workers import models
from tests.tiny import tiny


def test_what_is_there_is_not_trained_again(made: Checked, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("trained again")

    for name in ("train_generator_file", "train_prior_file", "train_classifier_file"):
        monkeypatch.setattr(train, name, fail)
    assert train.train_generator(made.run) == made.run.generator_file
    assert train.train_prior(made.run) == models.prior_file(made.run)
    assert train.train_classifier(made.run) is None


def test_a_benchmark_s_generator_is_a_run_s(made: Checked, tmp_path: Path) -> None:
    path = tmp_path / "generator.safetensors"
    train.make_generator(made.run, path, made.run.generator_key)
    assert digest_generator(made.run.generator, path) == models.generator_digest(made.run)


def test_a_network_bears_its_key(made: Checked, tmp_path: Path) -> None:
    short = made.run.with_fields(training=replace(made.run.training, epochs=1))
    train.make_network(short, tmp_path, 3, "key", (1,))
    assert read_header(epoch_path(tmp_path, 1)).study == "key"
    assert not epoch_path(tmp_path, 2).exists()


def test_given_checkpoints_are_left_alone(made: Checked, tmp_path: Path) -> None:
    assert isinstance(made.run.network, ChainSpec)
    network = replace(made.run.network, checkpoints=made.run.checkpoints)
    run = made.run.with_fields(output=tmp_path, network=network)
    train.train_network(run)
    assert not any(tmp_path.iterdir())


def test_scales_of_time_steps_stand_in_progress(tmp_path: Path) -> None:
    fields = {"norm": ["none", "bntt", "none", "none"], "bias": False, "channels": [4, 6]}
    checked = check(tiny(tmp_path, network=fields, data={"limit": 40}, training={"epochs": 1},
                         probe={"epochs": [0, 1]}))  # fmt: skip
    run = allocate(checked.run, checked.layout, checked.data, checked.source)
    train.train_network(run)
    train.record_network(run)

    with open_tree(run.atlas) as tree:
        scale = tree["progress/time_steps"].scale
        assert scale.dims == ("epoch", "layer", "time_step")
        assert (scale.sel(epoch=0, layer="conv2") == 1).all()
        assert (scale.sel(epoch=1, layer="conv2") != 1).all()
        assert np.isnan(scale.sel(layer="fc1")).all()
