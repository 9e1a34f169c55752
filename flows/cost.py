"""The cost of a study, before it runs: task runs, images, bytes, estimated time."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from rich.table import Table

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.flows.runners.choice import count_workers
from spikeatlas.snn.data import choose_images, count_words
from spikeatlas.snn.subjects import Respond
from spikeatlas.tasks.atlas import BLANKS, EPOCH, exists, open_store, size_of, unfinished, values
from spikeatlas.tasks.atlas.allocate import repeats_to_add
from spikeatlas.tasks.inspect.text import as_text
from spikeatlas.tasks.search.diverse import SPARE
from spikeatlas.tasks.search.reevaluate import CANDIDATES
from spikeatlas.tasks.stages.living import natural_images
from spikeatlas.tasks.study.blocks import Block
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread

ROUNDS = 2
"""Batches timed for the estimate, after one to warm up."""

ONCE = 9
"""Task runs of a study as a whole: train the network, the classifier, the generator and its prior, assess the
generator, record both, conclude, report."""

TRAINING_FACTOR = 3
"""A training step costs about three forward passes (forward, and backward about twice that)."""


@dataclass(frozen=True)
class ImageCounts:
    """Images that are still to be shown, each counted once a showing of the search's own length."""

    search: int
    again: int
    """Shown once more, to measure with care."""
    screening: int
    natural: int
    blank: int
    elsewhere: int
    """Best images from elsewhere, which a stochastic coding measures afresh."""
    cross: int
    """Each neuron's answers to the others' MEIs come with those to its own."""
    ablation: int
    importance: int
    """Of further measures of importance."""
    lengths: int
    """Natural images, best ones and MEIs at other lengths of a showing, each counted by its length."""
    life: int
    """Natural images that live neurons answer; what a search for the others takes hangs on how many these are."""
    training: int

    def showings(self, presentations: int) -> int:
        """Return all but the training's, each shown so many times; an ablation and other importance show theirs once."""
        counts = (self.search, self.again, self.screening, self.natural, self.blank, self.elsewhere)
        again = sum(counts) + self.cross + self.lengths + self.life
        return again * presentations + self.ablation + self.importance

    def summary(self, *, stochastic: bool) -> str:
        """Return the counts as a person reads them."""
        parts = [
            f"{self.search:,} search",
            f"{self.screening:,} screening",
            f"{self.natural:,} natural",
            f"{self.blank:,} blank",
            f"{self.cross:,} cross-responses" if self.cross else "",
            f"{self.ablation:,} with a neuron silenced" if self.ablation else "",
            f"{self.importance:,} importance" if self.importance else "",
            f"{self.lengths:,} at other lengths" if self.lengths else "",
            f"{self.life:,} to tell live neurons" if self.life else "",
            f"{self.again:,} measured again" if stochastic else "",
            f"{self.elsewhere:,} best known" if stochastic else "",
        ]
        return " + ".join(filter(None, parts))


def cost(checked: Checked) -> str:
    """Return what is left to do, with a time estimated from a few batches on this machine."""
    study, run = checked.study, checked.run
    blocks = blocks_to_search(run)
    images = count_images(checked, blocks)
    epoch_tasks = 6 if study.analysis.cross else 5
    epoch_tasks += study.analysis.life
    task_runs = len(blocks) + epoch_tasks * len(run.epochs) + len(study.analysis.ablation) + ONCE
    showings = images.showings(study.search.presentations) / count_workers(run)
    seconds = seconds_per_image(run) * (showings + TRAINING_FACTOR * images.training)
    neurons = ", ".join(f"{layer} {len(indices)}" for layer, indices in run.layers.items())
    table = Table("plan", "")
    table.add_row("data", count_words(checked.data))
    table.add_row("probe", f"{len(run.epochs)} epochs, {neurons} neurons")
    table.add_row("task runs", str(task_runs))
    table.add_row("images", images.summary(stochastic=run.stochastic))
    table.add_row("atlas", f"at most {size_of(checked.layout) / 1e6:,.1f} MB")
    workers = f"{count_workers(run)} workers, the generator apart"
    table.add_row("time", f"about {minutes(seconds)} on {workers}")
    return "\n".join([as_text(table), *(f"data: {note}" for note in checked.data.notes)])


def count_images(checked: Checked, blocks: list[Block]) -> ImageCounts:
    """Return the images that searching ``blocks``, and all beside it, takes."""
    study, run, data = checked.study, checked.run, checked.data
    searches = len(study.search.entries) * sum(
        run.repeats(block.epoch) * (block.stop - block.start) for block in blocks
    )
    neurons, epochs = sum(map(len, run.layers.values())), len(run.epochs)
    ablations = study.analysis.ablation_images * len(study.analysis.ablation)
    care = models.presentations(run, "report") // run.search.presentations
    return ImageCounts(
        search=searches * study.search.budget,
        again=searches * measurements(run),
        screening=study.search.screening_images * study.search.most_repeats * epochs
        if study.search.methods
        else 0,
        natural=len(data.test) * epochs,
        blank=len(BLANKS) * epochs * care,
        elsewhere=neurons * epochs * care if run.stochastic else 0,
        cross=epochs * searches if study.analysis.cross else 0,
        ablation=ablations * neurons,
        importance=ablations * sum(spec.showings for spec in study.analysis.further_importance),
        lengths=epochs * _images_at_lengths(checked),
        life=epochs * len(natural_images(run)) if study.analysis.life else 0,
        training=study.training.epochs * len(data.train),
    )


def _images_at_lengths(checked: Checked) -> int:
    """Return the images that an epoch's networks are shown for other lengths, in showings of their own length."""
    run, steps = checked.run, checked.source.time_steps
    if steps is None:
        return 0
    natural, _ = choose_images(checked.data.test.labels, run.analysis.images)
    neurons = sum(map(len, run.layers.values()))
    images = len(natural) * len(run.layers) + 2 * neurons
    return images * sum(run.analysis.lengths) // steps


def measurements(run: Run) -> int:
    """Return the images that one search's result costs after it, in showings of the search's own length."""
    searches = len(run.budgets(first=False))
    spare = run.search.diverse * (SPARE if run.stochastic else 1)
    again = models.presentations(run, "report") // run.search.presentations
    return again * (searches * (1 + (CANDIDATES if run.stochastic else 0)) + spare)


def blocks_to_search(run: Run) -> list[Block]:
    """Return the blocks still to search."""
    blocks = [block for epoch in run.epochs for block in run.blocks(epoch)]
    if not exists(run.atlas):
        return blocks
    epochs = values(open_store(run.atlas), EPOCH)
    allocated = [block for block in blocks if block.epoch in epochs]
    done = {*allocated} - {*unfinished(run.atlas, allocated), *repeats_to_add(run)}
    return [block for block in blocks if block not in done]


def seconds_per_image(run: Run) -> float:
    """Return the time that one image takes through an untrained network of the study's shape, on one worker."""
    one_thread()
    data = models.dataset(run.data)
    size = run.responder.batch_size
    images = np.resize(data.test.images, (size, *data.test.images.shape[1:]))
    respond = untrained(run, list(run.layers)[-1])
    respond(images)
    began = time.perf_counter()
    for _ in range(ROUNDS):
        respond(images)
    return (time.perf_counter() - began) / ROUNDS / size


def responder_plan(run: Run) -> str:
    """Say how the responder computes each probed layer when its neurons are searched, and why."""
    parts = [(layer, untrained(run, layer).describe()) for layer in run.layers]
    return "\n".join(f"search in {layer}\n  " + "\n  ".join(lines) for layer, lines in parts)


def untrained(run: Run, layer: str) -> Respond:
    """Return the responder that a search in ``layer`` will use, of a network of the study's shape."""
    example = models.source(run).example()
    return example.responder({layer: run.layers[layer]}, models.showing(run, "", "plan"))


def minutes(seconds: float) -> str:
    """Return a duration as a person says it."""
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
