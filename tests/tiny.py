"""A whole study in seconds: tiny network, tiny generator, real digits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
import zarr

from spikeatlas.flows.checks.study_checks import Checked, check
from spikeatlas.tasks.atlas.allocate import allocate
from spikeatlas.tasks.search.block_probe import BlockProbe
from spikeatlas.tasks.stages.ablate import ablate
from spikeatlas.tasks.stages.analyze import analyze
from spikeatlas.tasks.stages.blank import show_blanks
from spikeatlas.tasks.stages.conclude import conclude
from spikeatlas.tasks.stages.cross import cross
from spikeatlas.tasks.stages.know import know
from spikeatlas.tasks.stages.living import judge_life
from spikeatlas.tasks.stages.maximize import search_entry, search_together
from spikeatlas.tasks.stages.observe import observe
from spikeatlas.tasks.stages.screen import screen
from spikeatlas.tasks.stages.train import (
    record_training,
    train_classifier,
    train_generator,
    train_network,
    train_prior,
)
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from tests.sharing import once

STUDY: dict[str, Any] = {
    "data": {"dataset": "digits", "limit": 120},
    "network": {"channels": [4, 6], "hidden": [8], "time_steps": 6},
    "training": {"epochs": 2, "batch_size": 32},
    "generator": {"positions": 4, "codes": 8, "embedding": 4, "width": 8, "epochs": 3},
    "probe": {"epochs": [0, 2], "layers": ["conv2", "fc1"]},
    "search": {"methods": ["tt", "random"], "budget": 20, "repeats": 2, "screening_images": 12, "neurons_per_task": 4},
    "responder": {"batch_size": 64},
}  # fmt: skip


SNGAN: dict[str, Any] = {
    "kind": "sngan", "dim": 8, "width": 8, "critic_width": 8, "epochs": 2, "batch_size": 32,
}  # fmt: skip
"""A tiny generator with Gaussian latents."""


def tiny(output: Path, **sections: Any) -> dict[str, Any]:
    """The tiny study with some fields of some sections replaced: tiny(out, search={"budget": 30})."""
    raw: dict[str, Any] = json.loads(json.dumps(STUDY))
    for name, fields in sections.items():
        # another kind of generator has other fields
        before = {} if isinstance(fields, dict) and "kind" in fields else raw.get(name, {})
        raw[name] = {**before, **fields} if isinstance(fields, dict) else fields
    return {**raw, "output": str(output)}


def comparing(output: Path, **sections: Any) -> dict[str, Any]:
    """A tiny study with three epochs to compare: one repeated, two with each neuron silenced."""
    wanted: dict[str, Any] = {
        "classifier": {"width": 2, "epochs": 2},
        "probe": {"epochs": [0, 1, 2], "layers": ["conv2", "fc1"]},
        "search": {"methods": ["random"], "repeats": 1, "repeats_at": {1: 3}, "prior": "uniform"},
        "analysis": {
            "images": 60,
            "ablation": [0, 2],
            "ablation_images": 100,
            "importance": [{"kind": "naa", "steps": 5}, "magnitude", "rate"],
            "position": "centre",
        },
    }
    return tiny(
        output, **{**wanted, **{k: {**wanted.get(k, {}), **v} for k, v in sections.items()}}
    )


def both_ends(output: Path) -> dict[str, Any]:
    """A tiny study of both ends of neurons that fire in both directions, warm from the second epoch on."""
    return tiny(
        output,
        network={"neuron": "tests.snn.own_layers:TwoSided", "threshold": 0.15},
        search={
            "methods": ["screened"],
            "sign": "both",
            "warm_start": True,
            "budget": 40,
            "prior": "uniform",
        },
        analysis={"images": 60},
    )


def least_exciting(checked: Checked) -> None:
    """Let an atlas say that its images are the least exciting ones."""
    root = zarr.open_group(checked.run.atlas, mode="r+")
    study = json.loads(str(root.attrs["study"]))
    study["search"]["sign"] = -1
    root.attrs["study"] = json.dumps(study)


def folder_of(run: Run) -> Path:
    """Return the folder of a run's atlas, which is not in an object store."""
    assert isinstance(run.atlas, Path)
    return run.atlas


def study_file(folder: Path, raw: dict[str, Any]) -> Path:
    """Write a study as YAML beside its output."""
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(raw))
    return path


def build(raw: dict[str, Any]) -> Checked:
    """Make the atlas of a study with plain functions, in the order of the flow, without Prefect."""
    checked = check(raw)
    run = checked.run
    allocate(run, checked.layout, checked.data, checked.source)
    # as a run that holds the folder leaves it
    run.folder.mkdir(parents=True, exist_ok=True)
    (run.folder / ".writers").touch()
    train_classifier(run)
    train_generator(run)
    train_prior(run)
    train_network(run)
    record_training(run)
    # data of sequences are not searched
    searched = run.epochs if run.search.methods else ()
    for epoch in run.epochs:
        observe(run, epoch)
        show_blanks(run, epoch)
        if epoch in searched:
            screen(run, epoch)
            for pool in run.pools(epoch):
                search_together(run, pool, pool)
        analyze(run, epoch)
    for epoch in searched if run.analysis.cross else ():
        cross(run, epoch)
    for epoch in run.analysis.ablation:
        ablate(run, epoch)
    for epoch in searched if run.analysis.life else ():
        judge_life(run, epoch)
    for epoch in searched:
        know(run, epoch)
    conclude(run.atlas)
    return checked


def search_alone(run: Run, block: Block, label: str) -> dict[str, Any]:
    """Run the searches of one entry of a block, and store nothing."""
    (entry,) = (entry for entry in run.search.entries if entry.label == label)
    (arrays,) = search_entry(BlockProbe(run, [block], entry.sign), entry)
    return arrays


def built(folder: Path, study: Callable[[Path], dict[str, Any]]) -> Checked:
    """Make the atlas of the study whose output is ``run`` in a folder, unless another process of the session did."""
    raw = study(folder / "run")
    with once(folder) as first:
        if first:
            build(raw)
    return check(raw)


def atlas_folder(checked: Checked) -> Path:
    """The atlas of a study that keeps it in its folder."""
    assert isinstance(checked.run.atlas, Path)
    return checked.run.atlas
