"""What a study will cost, before it runs: task runs, images, bytes, estimated time."""

from __future__ import annotations

import time

import numpy as np
from rich.table import Table

from flows.checks import Checked
from flows.prepare import layout, repeats_to_add
from snn.networks import build_network, pixel_statistics
from snn.responder import Responder
from tasks import loading
from tasks.atlas import exists, open_store, unfinished
from tasks.atlas.store import values
from tasks.describe import as_text
from tasks.diverse import SPARE
from tasks.elites import ELITES
from tasks.job import Block, Job

ROUNDS = 2
"""Batches timed for the estimate, after one to warm up."""

TRAINING_FACTOR = 3
"""A training step costs about three forward passes (forward, and backward about twice that)."""


def cost(checked: Checked) -> str:
    """The plan of what is left to do, with a time estimated from a few batches on this machine."""
    study, job = checked.study, checked.job
    blocks = todo(job)
    searches = len(study.search.methods) * sum(
        job.repeats(block.epoch) * (block.stop - block.start) for block in blocks
    )
    search = searches * study.search.budget
    measured = searches * measurements(job)
    natural = len(loading.dataset(job.data).test) * len(job.epochs)
    screening = study.search.screening_images * study.search.most_repeats * len(job.epochs)
    trained = study.training.epochs * len(loading.dataset(job.data).train)
    crossed = len(job.epochs) * searches if study.analysis.cross else 0
    neurons = sum(map(len, job.layers.values()))
    silenced = study.analysis.ablation_images * neurons * len(study.analysis.ablation)
    stages = 4 if study.analysis.cross else 3
    seconds = seconds_per_image(job)
    shown = (
        (search + measured + screening + natural + crossed) * study.search.presentations + silenced
    ) / study.runner.workers
    table = Table("plan", "")
    table.add_row(
        "probe",
        f"{len(job.epochs)} epochs, {', '.join(f'{k} {len(v)}' for k, v in job.layers.items())} neurons",
    )
    table.add_row(
        "task runs",
        str(len(blocks) + stages * len(job.epochs) + len(study.analysis.ablation) + 4),
    )
    told = f"{search:,} search + {screening:,} screening + {natural:,} natural"
    if crossed:
        told += f" + {crossed:,} cross-responses"
    if silenced:
        told += f" + {silenced:,} with a neuron silenced"
    if job.stochastic:
        told += f" + {measured:,} measured again"
    table.add_row("images", told)
    table.add_row("atlas", f"at most {layout(study, job).bytes() / 1e6:,.1f} MB")
    told = minutes(seconds * (shown + TRAINING_FACTOR * trained))
    table.add_row("time", f"about {told} on {study.runner.workers} workers, the generator apart")
    return as_text(table)


def measurements(job: Job) -> int:
    """Images that one search's result costs after it, in showings of the search's own length."""
    lanes = len(job.lanes(first=False))
    spare = job.search.diverse * (SPARE if job.stochastic else 1)
    again = loading.showings(job, "report") // job.search.presentations
    return again * (lanes * (1 + (ELITES if job.stochastic else 0)) + spare)


def todo(job: Job) -> list[Block]:
    """The blocks still to search."""
    blocks = [block for epoch in job.epochs for block in job.blocks(epoch)]
    if not exists(job.atlas):
        return blocks
    held = values(open_store(job.atlas), "epoch")
    known = [block for block in blocks if block.epoch in held]
    done = {*known} - {*unfinished(job.atlas, known), *repeats_to_add(job)}
    return [block for block in blocks if block not in done]


def seconds_per_image(job: Job) -> float:
    """The time one image takes through an untrained network of the study's shape, on one worker."""
    loading.one_thread()
    data = loading.dataset(job.data)
    size = job.responder.batch_size
    images = np.resize(data.test.images, (size, *data.shape))
    respond = untrained(job, list(job.layers)[-1])
    respond(images)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        respond(images)
    return (time.perf_counter() - began) / ROUNDS / size


def responder_plan(job: Job) -> str:
    """How the responder computes each probed layer when its neurons are searched, and why."""
    parts = [(layer, untrained(job, layer).plan.describe()) for layer in job.layers]
    return "\n".join(f"search in {layer}\n  " + "\n  ".join(lines) for layer, lines in parts)


def untrained(job: Job, layer: str) -> Responder:
    """The responder that a search in ``layer`` will use, on an untrained network of the study's shape."""
    data = loading.dataset(job.data)
    mean, std = pixel_statistics(data.train.images)
    network = build_network(
        job.network, input_shape=data.shape, classes=len(data.classes), mean=mean, std=std, seed=0
    )
    return loading.make_responder(
        job, network, loading.noise(job, "", "plan"), {layer: job.layers[layer]}
    )


def minutes(seconds: float) -> str:
    """A duration as a person says it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
