"""What a study will cost, before it runs: task runs, images, bytes, estimated time."""

from __future__ import annotations

import time

import numpy as np
from rich.table import Table

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.prepare import layout, repeats_to_add
from spikeatlas.snn.networks import build_network, pixel_statistics
from spikeatlas.snn.responder import Responder
from spikeatlas.tasks.atlas import exists, open_store, size_of, unfinished, values
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.search.diverse import SPARE
from spikeatlas.tasks.search.reevaluate import ELITES
from spikeatlas.tasks.study.run import Block, Run
from spikeatlas.tasks.workers import models

ROUNDS = 2
"""Batches timed for the estimate, after one to warm up."""

TRAINING_FACTOR = 3
"""A training step costs about three forward passes (forward, and backward about twice that)."""


def cost(checked: Checked) -> str:
    """The plan of what is left to do, with a time estimated from a few batches on this machine."""
    study, run = checked.study, checked.run
    blocks = todo(run)
    searches = len(study.search.methods) * sum(
        run.repeats(block.epoch) * (block.stop - block.start) for block in blocks
    )
    search = searches * study.search.budget
    measured = searches * measurements(run)
    natural = len(models.dataset(run.data).test) * len(run.epochs)
    screening = study.search.screening_images * study.search.most_repeats * len(run.epochs)
    trained = study.training.epochs * len(models.dataset(run.data).train)
    crossed = len(run.epochs) * searches if study.analysis.cross else 0
    neurons = sum(map(len, run.layers.values()))
    silenced = study.analysis.ablation_images * neurons * len(study.analysis.ablation)
    stages = 4 if study.analysis.cross else 3
    seconds = seconds_per_image(run)
    shown = (
        (search + measured + screening + natural + crossed) * study.search.presentations + silenced
    ) / study.runner.workers
    table = Table("plan", "")
    table.add_row(
        "probe",
        f"{len(run.epochs)} epochs, {', '.join(f'{k} {len(v)}' for k, v in run.layers.items())} neurons",
    )
    table.add_row(
        "task runs",
        str(len(blocks) + stages * len(run.epochs) + len(study.analysis.ablation) + 4),
    )
    told = f"{search:,} search + {screening:,} screening + {natural:,} natural"
    if crossed:
        told += f" + {crossed:,} cross-responses"
    if silenced:
        told += f" + {silenced:,} with a neuron silenced"
    if run.stochastic:
        told += f" + {measured:,} measured again"
    table.add_row("images", told)
    table.add_row("atlas", f"at most {size_of(layout(study, run)) / 1e6:,.1f} MB")
    told = minutes(seconds * (shown + TRAINING_FACTOR * trained))
    table.add_row("time", f"about {told} on {study.runner.workers} workers, the generator apart")
    return as_text(table)


def measurements(run: Run) -> int:
    """Images that one search's result costs after it, in showings of the search's own length."""
    lanes = len(run.lanes(first=False))
    spare = run.search.diverse * (SPARE if run.stochastic else 1)
    again = models.showings(run, "report") // run.search.presentations
    return again * (lanes * (1 + (ELITES if run.stochastic else 0)) + spare)


def todo(run: Run) -> list[Block]:
    """The blocks still to search."""
    blocks = [block for epoch in run.epochs for block in run.blocks(epoch)]
    if not exists(run.atlas):
        return blocks
    held = values(open_store(run.atlas), "epoch")
    known = [block for block in blocks if block.epoch in held]
    done = {*known} - {*unfinished(run.atlas, known), *repeats_to_add(run)}
    return [block for block in blocks if block not in done]


def seconds_per_image(run: Run) -> float:
    """The time one image takes through an untrained network of the study's shape, on one worker."""
    models.one_thread()
    data = models.dataset(run.data)
    size = run.responder.batch_size
    images = np.resize(data.test.images, (size, *data.shape))
    respond = untrained(run, list(run.layers)[-1])
    respond(images)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        respond(images)
    return (time.perf_counter() - began) / ROUNDS / size


def responder_plan(run: Run) -> str:
    """How the responder computes each probed layer when its neurons are searched, and why."""
    parts = [(layer, untrained(run, layer).plan.describe()) for layer in run.layers]
    return "\n".join(f"search in {layer}\n  " + "\n  ".join(lines) for layer, lines in parts)


def untrained(run: Run, layer: str) -> Responder:
    """The responder that a search in ``layer`` will use, on an untrained network of the study's shape."""
    data = models.dataset(run.data)
    mean, std = pixel_statistics(data.train.images)
    network = build_network(
        run.network, input_shape=data.shape, classes=len(data.classes), mean=mean, std=std, seed=0
    )
    return models.make_responder(
        run, network, models.noise(run, "", "plan"), {layer: run.layers[layer]}
    )


def minutes(seconds: float) -> str:
    """A duration as a person says it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
