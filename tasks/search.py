"""One search by one method for a block of neurons: propose, decode, respond, learn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from optim import Maximizer, Result, make_maximizer, uses_pool, uses_screening
from optim.space import Points
from snn.generators import Generator
from tasks import loading
from tasks.archive import Archive
from tasks.atlas import read
from tasks.job import Block, Job
from tasks.objective import Trade, trade_of
from tasks.stopping import check_stop

Respond = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Stimuli (n, c, h, w) to responses (n, searches)."""


@dataclass(frozen=True, eq=False)
class Task:
    """What one search is for: the N neurons of a block, with R repeats in lock step."""

    block: Block
    method: str
    repeats: tuple[int, ...]
    seeds: NDArray[np.int64]
    """(N, R)."""
    budget: int
    """Images a search."""
    starts: Points | None = None
    """(N * R, m, d): points to start from."""


def run_search(job: Job, task: Task) -> tuple[Result, Archive | None]:
    """Run one search to its end; with what it showed, where the job needs to know that."""
    model = loading.generator(job)
    respond = respond_to(job, task.block, "search", len(task.repeats))
    search = make_maximizer(
        task.method, loading.search_space(job), seeds=task.seeds.ravel(), budget=task.budget,
        share=job.search.share, sign=job.search.sign, starts=task.starts,
        pool=loading.natural_points(job) if uses_pool(task.method) else None,
        allocation=job.search.allocation,
        **(job.search.options or {}).get(task.method, {}),
    )  # fmt: skip
    archive = Archive(task.seeds.size, share=job.search.share) if keeps_archive(job) else None
    trade = trade_of(job, task.block, len(task.repeats))
    if uses_screening(task.method):
        tell_screening(job, task, search, archive, trade)
    while not search.done:
        check_stop()
        batch = search.ask()
        told = evaluate(job, model, respond, trade, batch.points)
        search.tell(batch, told)
        if archive:
            archive.add(batch, told)
    result = search.result()
    return trade.of(result) if trade else result, archive


def keeps_archive(job: Job) -> bool:
    """Whether anything but the best that a search saw is wanted of it."""
    return job.stochastic or job.search.diverse > 0


def tell_screening(
    job: Job, task: Task, search: Maximizer, archive: Archive | None, trade: Trade | None
) -> None:
    """Tell a search the screening of its epoch and (one) repeat, as the atlas holds it."""
    (repeat,) = task.repeats
    points, responses = read.screening(job.atlas, task.block, repeat)
    points = points.astype(search.problem.space.dtype, copy=False)
    told = responses
    if trade:
        images = loading.generator(job).decode(points, batch_size=job.responder.batch_size)
        told = trade.told(responses, points, images)
    search.tell_screening(points, told)
    if archive:
        archive.add_common(points, told)


def evaluate(
    job: Job, model: Generator, respond: Respond, trade: Trade | None, points: Points
) -> NDArray[np.float32]:
    """What to tell of points (n, d), (n, searches), each different one decoded and shown once.

    A stimulus answers the same wherever it stands, so this changes no value; a search that has
    nearly settled proposes many points twice.
    """
    different, places = np.unique(points, axis=0, return_inverse=True)
    stimuli = model.decode(different, batch_size=job.responder.batch_size)
    responses = respond(stimuli)
    told = trade.told(responses, different, stimuli) if trade else responses
    return told[places.reshape(-1)]


def respond_to(job: Job, block: Block, purpose: str, repeats: int) -> Respond:
    """Responses of the block's neurons, each standing ``repeats`` times (one search a repeat)."""
    neurons = job.layers[block.layer][block.start : block.stop]
    responder = loading.responder(job, block.epoch, purpose, {block.layer: neurons})
    return lambda stimuli: np.repeat(responder(stimuli)[block.layer], repeats, axis=1)


def own_responses(
    job: Job, task: Task, purpose: str, images: NDArray[np.uint8]
) -> NDArray[np.float32]:
    """Responses (N * R, k) of each search's neuron to its own k stimuli (N * R, k, c, h, w)."""
    searches, count = images.shape[:2]
    flat = images.reshape(-1, *images.shape[2:])
    answers = respond_to(job, task.block, purpose, len(task.repeats))(flat)
    own = answers[np.arange(len(flat)), np.repeat(np.arange(searches), count)]
    return own.reshape(searches, count)
