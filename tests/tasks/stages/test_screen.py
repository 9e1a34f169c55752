from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.optim import CodeSpace, Maximizer, draw_textures
from spikeatlas.tasks.atlas import open_tree
from spikeatlas.tasks.stages.screen import draw
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.digests import seed_of
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from tests.tiny import search_alone


def screened(run: Run, repeat: int, **search: Any) -> list[tuple[int, ...]]:
    run = run.with_fields(search=replace(run.search, **search))
    model = models.generator(run)
    return [tuple(map(int, p)) for p in draw(run, 2.0, repeat, model, models.search_space(run))]


def test_natural_stimuli_are_training_images_each_shown_once(made: Checked) -> None:
    training = models.dataset(made.run.data).train.images
    codes = models.generator(made.run).encode(training)

    parts = [
        screened(made.run, repeat, screening="natural", screening_images=60) for repeat in (0, 1)
    ]

    assert parts[0] != parts[1]
    assert Counter(parts[0] + parts[1]) == Counter(tuple(map(int, code)) for code in codes)


def test_both_halves_are_what_each_alone_begins_with(made: Checked) -> None:
    both = screened(made.run, 1, screening="both", screening_images=9)

    assert both[:5] == screened(made.run, 1, screening="prior", screening_images=5)
    assert both[5:] == screened(made.run, 1, screening="natural", screening_images=4)


def test_textures_are_those_that_the_screened_search_draws(made: Checked) -> None:
    textures = screened(made.run, 1, screening="textures", screening_images=40)

    space = models.search_space(made.run)
    assert isinstance(space, CodeSpace)
    rng = np.random.default_rng(seed_of(made.run.seed, "screening", 2.0, 1))
    assert textures == [tuple(map(int, row)) for row in draw_textures(space, rng, 40)]
    assert textures != screened(made.run, 0, screening="textures", screening_images=40)
    # palettes and tilings: fewer codes than independent draws have
    independent = screened(made.run, 1, screening_images=40)
    assert np.mean([len(set(row)) for row in textures]) < np.mean(
        [len(set(row)) for row in independent]
    )


def test_each_repeat_is_told_its_own_screening(
    varied: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = open_tree(varied.run.atlas)
    held = tree["screening/conv2"].sel(epoch=0)
    latents = tree["screening_latent"].screening_latent.sel(epoch=0)
    told: list[tuple[Any, Any]] = []
    tell = Maximizer.tell_screening

    def spy(self: Maximizer, points: Any, responses: Any, recordings: Any) -> None:
        told.append((points, responses))
        tell(self, points, responses, recordings)

    monkeypatch.setattr(Maximizer, "tell_screening", spy)
    again = search_alone(varied.run, Block(0, "conv2", 4, 6), "screened")

    assert len(told) == 2
    for repeat, (points, responses) in enumerate(told):
        rows = np.flatnonzero(held.stimulus_repeat.values == repeat)
        np.testing.assert_array_equal(points, latents.values[rows])
        np.testing.assert_array_equal(responses, held.screening_response.values[rows, 4:6])
    assert (again["images_shown"] == 60).all()  # the screening's images among them
