"""Convex training of threshold units: its certificates, and its objectives beside those of trained networks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from spikeatlas.snn.data import Digits, load_data
from spikeatlas.snn.networks import ThresholdHead
from spikeatlas.snn.subjects import ThresholdHeadSpec
from spikeatlas.snn.training import (
    CheckpointHeader,
    TrainingSpec,
    epoch_path,
    load_network,
    train_network,
)
from spikeatlas.snn.training.convex import (
    ESTIMATORS,
    Planes,
    Points,
    StraightThroughRun,
    best_predictions,
    patterns,
    predictions_objective,
    reduce_units,
    sample_planes,
    solve_lasso,
    three_layers,
    train_straight_through,
    with_ones,
)
from spikeatlas.snn.training.methods import ConvexThreshold
from spikeatlas.tasks.workers.process import one_thread

POINTS, FEATURES, FIRST, TEST = 100, 20, 1000, 2000
"""Of the paper's figure (Ergen et al. 2023): n, d, units of the random first layer; points to test on are ours."""
BETA = 1e-3
"""Of that figure, a point."""
TEACHER = 20
"""Units of the tanh network whose sign the labels are: the paper's labels could not be read."""
SEEDS = range(5)
"""Of the trained networks, with each estimator."""
PATTERNS, UNITS, STEPS = 2000, 50, 400
"""Patterns that are drawn; units and steps of each trained network."""
DIGIT_UNITS = 512
PAPER = (
    "paper (read from a figure): three layers objective/n 2e-3, train 1.00, test .78, .15 s; straight-through identity "
    "1.7e-2, test .75, ReLU test .73; other estimators .2 to .4"
)

Numbers = NDArray[np.float64]
Value = TypeVar("Value")


class ThresholdProblem(NamedTuple):
    """Points to separate, and others of the same kind to test on."""

    points: Points
    targets: Numbers
    """1 or -1."""
    others: Points
    labels: Numbers

    @property
    def beta(self) -> float:
        """Regularisation, of a sum over all points."""
        return BETA * len(self.points)

    def row(self, name: str, objective: float, scores: Numbers, tests: Numbers, note: str) -> str:
        """Line of a table."""
        train, test = (
            np.mean(np.where(values >= 0, 1, -1) == signs)
            for values, signs in ((scores, self.targets), (tests, self.labels))
        )
        return (
            f"| {name} | {objective / len(self.points):.5f} | {train:.2f} | {test:.3f} | {note} |"
        )


def measure_convex() -> Iterator[str]:
    """Yield a table of the paper's problem with two and with three layers, and one of digits along a path."""
    one_thread()
    problem = planted_problem(seed=0)
    yield (
        f"n={POINTS}, d={FEATURES}, beta={BETA:g} n, labels of a random tanh network; straight-through: "
        f"{len(ESTIMATORS)} estimators, {len(SEEDS)} seeds each, {UNITS} units, {STEPS} steps of Adam\n{PAPER}\n"
    )
    yield from _compare("two layers", problem, [])
    first = np.random.default_rng(1).standard_normal((FIRST, FEATURES + 1))
    points, others = (
        with_ones(patterns(rows, first).astype(np.float64))
        for rows in (problem.points, problem.others)
    )
    hidden = ThresholdProblem(points, problem.targets, others, problem.labels)
    exact = _closed_form(problem, first)
    yield from _compare(f"three layers, {FIRST} random units first", hidden, [exact])
    yield from _digits()


def planted_problem(seed: int) -> ThresholdProblem:
    """Draw points whose labels are the sign of a random network."""
    random = np.random.default_rng(seed)
    first = random.standard_normal((FEATURES, TEACHER))
    second = random.standard_normal(TEACHER)
    features = random.standard_normal((POINTS + TEST, FEATURES))
    labels = np.where(np.tanh(features @ first) @ second >= 0, 1.0, -1.0)
    points = with_ones(features)
    return ThresholdProblem(points[:POINTS], labels[:POINTS], points[POINTS:], labels[POINTS:])


def _timed(call: Callable[[], Value]) -> tuple[Value, float]:
    start = time.process_time()
    return call(), time.process_time() - start


def _closed_form(problem: ThresholdProblem, first: Planes) -> str:
    """Row of the three-layer network that is built from its optimal predictions."""
    network, seconds = _timed(
        lambda: three_layers(problem.points, problem.targets, first, problem.beta)
    )
    scores = network.predict(problem.points)
    objective = predictions_objective(scores, problem.targets, problem.beta)
    best = best_predictions(problem.targets, problem.beta)
    note = f"{len(network.second)} units, {seconds:.2f} s, {np.abs(scores - best).max():.0e} off the optimum"
    return problem.row("closed form", objective, scores, network.predict(problem.others), note)


def _compare(name: str, problem: ThresholdProblem, rows: Sequence[str]) -> Iterator[str]:
    """Yield a table of the Lasso and of trained networks, whose patterns are among those of the Lasso.

    ``rows``: of it that are there already.
    """
    yield f"{name}\n\n| | objective/n | train | test | |\n| --- | --- | --- | --- | --- |"
    yield from rows
    groups = {estimator: _trained(problem, estimator) for estimator in ESTIMATORS}
    runs = [run for group, _ in groups.values() for run in group]
    samples = sample_planes(problem.points, PATTERNS, seed=0)
    planes = np.concatenate([samples, *(run.planes for run in runs)])
    on = patterns(problem.points, planes)
    (solution,), seconds = _timed(lambda: solve_lasso(on, problem.targets, [problem.beta]))
    weights = reduce_units(on, solution.weights)
    counts = (
        f"{np.count_nonzero(solution.weights)} units, {np.count_nonzero(weights)} after reduction"
    )
    note = f"gap {solution.gap:.0e} over {len(planes)} patterns, {counts}, {seconds:.2f} s"
    tests = patterns(problem.others, planes) @ weights
    yield problem.row("Lasso", solution.objective, on @ weights, tests, note)
    for estimator, (group, cost) in groups.items():
        yield _row_of_runs(problem, estimator, group, cost)
    least = min(run.objective(problem.points, problem.targets, problem.beta) for run in runs)
    lower = "none is lower" if solution.objective <= least + solution.gap else "one is LOWER"
    yield f"\nof {len(runs)} trained networks {lower}: {least / len(problem.points):.5f} at least\n"


def _trained(problem: ThresholdProblem, estimator: str) -> tuple[list[StraightThroughRun], float]:
    """Return a network for each seed, and the seconds of one."""
    runs, seconds = _timed(
        lambda: train_straight_through(
            problem.points,
            problem.targets,
            problem.beta,
            estimator=estimator,
            units=UNITS,
            steps=STEPS,
            seeds=SEEDS,
        )
    )
    return runs, seconds / len(SEEDS)


def _row_of_runs(
    problem: ThresholdProblem, estimator: str, runs: list[StraightThroughRun], seconds: float
) -> str:
    """Row of the run with the least objective, the range of all beside it."""
    objectives = [run.objective(problem.points, problem.targets, problem.beta) for run in runs]
    best = runs[int(np.argmin(objectives))]
    scores, tests = (
        patterns(points, best.planes) @ best.weights for points in (problem.points, problem.others)
    )
    note = f"best of {len(runs)}, worst {max(objectives) / len(problem.points):.5f}, {seconds:.1f} s each"
    return problem.row(f"straight-through, {estimator}", min(objectives), scores, tests, note)


def _digits() -> Iterator[str]:
    """Yield the table of the path on digits."""
    heads = "step", "beta/n", "units in use", "largest gap", "test accuracy"
    yield f"digits, {DIGIT_UNITS} patterns of pixels\n\n| {' | '.join(heads)} |\n|{' --- |' * len(heads)}"
    method, data = ConvexThreshold(), load_data(Digits())
    spec = ThresholdHeadSpec(units=DIGIT_UNITS)
    headers: list[CheckpointHeader] = []
    with TemporaryDirectory() as name:
        folder = Path(name)
        training = TrainingSpec(method=method)
        _, seconds = _timed(
            lambda: train_network(
                spec, training, data, folder=folder, seed=0, study="", on_epoch=headers.append
            )
        )
        for header, beta in zip(headers, ("none", *method.path), strict=True):
            network = load_network(
                epoch_path(folder, header.epoch), spec, data.shape, len(data.classes)
            )
            assert isinstance(network, ThresholdHead)
            units, gap = int(network.in_use.sum()), float(network.gap.max())
            yield f"| {header.step} | {beta} | {units} | {gap:.0e} | {header.accuracy:.3f} |"
    yield f"\n{seconds:.0f} s for all steps"
