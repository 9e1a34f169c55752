"""Checks of who pays for a screening: it must leave images to the searches that learn from it."""

from __future__ import annotations

from spikeatlas.flows.checks.inputs import StudyInputs
from spikeatlas.optim import uses_pool, uses_screening
from spikeatlas.snn.sentences import caught
from spikeatlas.tasks.study.run import Run
from spikeatlas.tasks.study.specs import SearchSpec


def plain_room_problems(inputs: StudyInputs) -> list[str]:
    """Do the same as ``room_problems`` where neither layers nor epochs matter: also without a network."""
    search = inputs.study.search
    if search.share or search.warm_start or not search.methods or inputs.lack("search"):
        return []
    return _room_problems(search, search.budget, payers=1)


def room_problems(run: Run) -> list[str]:
    """Name a screening that takes all the budget of a search that learns from it."""
    search = run.search
    if not search.methods:
        return []
    # sharing, all neurons that one task searches for pay for it together
    pools = run.pools(run.epochs[0]) if search.share else []
    payers = min((sum(block.stop - block.start for block in pool) for pool in pools), default=1)
    return _room_problems(search, min(run.budgets(first=len(run.epochs) == 1)), payers)


def pool_problems(inputs: StudyInputs) -> list[str]:
    """Name a pool of neurons that share nothing."""
    search = inputs.study.search
    if inputs.lack("search") or search.share or search.pool == "block":
        return []
    message = (
        "search.pool: epoch is who shares images, and search.share is false; set search.share: true, or leave "
        "search.pool out"
    )
    return [message]


def _room_problems(search: SearchSpec, budget: int, payers: int) -> list[str]:
    """Hold the screening against the ``budget`` images a neuron of so many that pay for it together."""
    labels = [
        label
        for label in search.labels
        if not caught("", lambda label=label: uses_pool(search.method(label)))  # type: ignore[misc]
        and uses_screening(search.method(label))
    ]
    if not labels or search.screening_images < budget * payers:
        return []
    part = "half of search.budget (search.warm_start)" if search.warm_start else "search.budget"
    message = (
        f"search.screening_images: {search.screening_images} leave nothing of {part} ({budget} images a "
        f"neuron, {payers} paying together) to {', '.join(labels)}; screen fewer, or raise the budget"
    )
    return [message]
