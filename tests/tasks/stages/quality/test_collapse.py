from __future__ import annotations

import dataclasses
import json

import pytest

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.snn.generators.evaluation import StimulusVariety
from spikeatlas.tasks.atlas import open_tree, write
from spikeatlas.tasks.report.key import problems
from spikeatlas.tasks.report.summary import read_summary
from spikeatlas.tasks.stages import train
from spikeatlas.tasks.stages.quality.collapse import require_variety, variety_of

COLLAPSED = StimulusVariety(draws=256, images=1.3, spread=0.04, reconstruction_error=187.0)


def test_the_generator_of_an_atlas_is_noted_with_its_variety(compared: Checked) -> None:
    variety = variety_of(compared.run)
    with open_tree(compared.run.atlas) as tree:
        note = json.loads(tree.attrs["generator_quality"])
    assert StimulusVariety(**note["variety"]) == variety
    assert not variety.collapsed
    require_variety(compared.run, variety)


def test_a_collapse_ends_the_run_and_stands_in_the_report(
    compared_copy: Checked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "variety_of", lambda _: COLLAPSED)
    with pytest.raises(ValueError, match=r"of 256 latents it makes only 1 .*lower generator\.lr"):
        train.record_training(compared_copy.run)
    problem, doubt = problems(read_summary(compared_copy.run.atlas))
    assert problem.startswith("The generator has collapsed: of 256 latents")
    assert doubt.startswith(
        "The generator copies test images worse than one mean grey would (error 187 "
    )


def test_a_given_one_is_to_be_replaced(compared: Checked) -> None:
    study = compared.run.study
    given = dataclasses.replace(study.generator, checkpoint=compared.run.generator_file)  # type: ignore[type-var]
    run = dataclasses.replace(compared.run, study=study.model_copy(update={"generator": given}))
    with pytest.raises(ValueError, match=r"find the same: give another generator\.$"):
        require_variety(run, COLLAPSED)


def test_older_atlases_tell_nothing_of_it(compared_copy: Checked) -> None:
    write.note(compared_copy.run.atlas, "", {"generator_quality": json.dumps({"accuracy": 1.0})})
    assert problems(read_summary(compared_copy.run.atlas)) == []
