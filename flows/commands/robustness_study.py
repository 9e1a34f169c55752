"""Measuring the robustness of a study's network: what is asked for is checked whole before any work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from spikeatlas.flows.checks.study_checks import check_network
from spikeatlas.flows.runners import progress
from spikeatlas.flows.runners.failures import working
from spikeatlas.snn.atomic import require_picture
from spikeatlas.snn.data import sequence_problem
from spikeatlas.snn.robustness import ATTACKS, AttackSpec, Scale
from spikeatlas.snn.sentences import caught
from spikeatlas.tasks.robustness import robustness_figure, robustness_record
from spikeatlas.tasks.robustness.examined_network import TransferSource, differentiable, examined
from spikeatlas.tasks.robustness.robustness_measures import lacks, measure_epoch, misfits
from spikeatlas.tasks.robustness.robustness_plan import (
    ATTACKS as ALL_ATTACKS,
)
from spikeatlas.tasks.robustness.robustness_plan import (
    OPTIONS,
    STRENGTHS,
    RobustnessPlan,
    read_strengths,
)
from spikeatlas.tasks.robustness.robustness_record import RobustnessRecord
from spikeatlas.tasks.robustness.robustness_table import describe_epoch
from spikeatlas.tasks.study.study import Study, StudyError
from spikeatlas.tasks.workers import models

Texts = list[str] | None


@dataclass(frozen=True)
class AttackOptions:
    """The options of the command as they were written."""

    epochs: tuple[float, ...] | None = None
    images: int = 256
    noise: Texts = None
    eps: Texts = None
    l2: Texts = None
    attack: Texts = None
    transfer_epoch: float | None = None

    def plan(self) -> RobustnessPlan:
        """Read them. StudyError with a sentence for each mistake."""
        texts: dict[Scale, Texts] = {"deviation": self.noise, "linf": self.eps, "l2": self.l2}
        strengths, problems = dict(STRENGTHS), list[str]()
        for scale, option in OPTIONS.items():
            try:
                strengths[scale] = read_strengths(option, texts[scale]) or STRENGTHS[scale]
            except ValueError as error:
                problems.append(str(error))
        attacks = ALL_ATTACKS
        try:
            attacks = tuple(map(read_attack, self.attack)) if self.attack else ALL_ATTACKS
        except ValueError as error:
            problems.append(str(error))
        plan = RobustnessPlan(self.epochs, self.images, attacks, strengths)
        if problems := [*problems, *plan.problems()]:
            raise StudyError(problems)
        return plan


def read_attack(text: str) -> AttackSpec:
    """Read an attack as the command line names it. ValueError, one sentence, for what is none."""
    try:
        return ATTACKS.read(yaml.safe_load(text))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"]))
        message = str(first["msg"]).removeprefix("Value error, ")
        raise ValueError(f"--attack {text}: {field}: {message}") from None
    except yaml.YAMLError:
        raise ValueError(
            f"--attack {text}: write a name, or fields as in {{kind: pgd, steps: 40}}"
        ) from None
    except ValueError as error:
        raise ValueError(f"--attack {text}: {error}") from None


def measure_study(
    raw: Mapping[str, Any],
    options: AttackOptions,
    other: tuple[Path, Mapping[str, Any]] | None = None,
    output: Path | None = None,
) -> Iterator[str]:
    """Measure what is not measured yet of a study's network, and tell of all, part by part.

    ``other``: the file of another study and its fields, whose network a transfer attack follows. StudyError, or an error
    of one sentence, before any work where something is wrong with what is asked for.
    """
    study, plan = check_network(raw), options.plan()
    epochs = _epochs(study, plan)
    sources = {epoch: _source(study, epoch, other, options.transfer_epoch) for epoch in epochs}
    folder = output or study.output / "robustness"
    record = RobustnessRecord(folder / robustness_record.FILE)
    figure = folder / robustness_figure.FILE
    require_picture(figure)
    # a checkpoint that cannot answer is told before the first is measured
    networks = [examined(study, epoch, source) for epoch, source in sources.items()]
    if problems := [problem for network in networks for problem in misfits(network, plan)]:
        raise StudyError(list(dict.fromkeys(problems)))
    measured = []
    with progress.in_terminal(), working():
        for network in networks:
            measured.append(measure_epoch(network, plan, record))
            yield from describe_epoch(measured[-1])
            yield from lacks(network, plan)
        robustness_figure.draw_robustness(measured, figure)
    yield f"measurements: {record.path}"
    yield f"figure: {figure}"


def _epochs(study: Study, plan: RobustnessPlan) -> tuple[float, ...]:
    """Return the epochs that are to be measured. StudyError where there are none, or not all of them."""
    problem = sequence_problem(models.dataset(study.data), "an attack")
    if problem is not None:
        raise StudyError([problem])
    there = _epochs_there(study)
    epochs = plan.epochs or there[-1:]
    missing = ", ".join(f"{epoch:g}" for epoch in epochs if epoch not in there)
    if missing:
        names = ", ".join(f"{epoch:g}" for epoch in there)
        raise StudyError(
            [
                f"--epochs: {missing} has no checkpoint in {models.plain_source(study).place}, which holds epochs {names}"
            ]
        )
    return tuple(dict.fromkeys(epochs))


def _epochs_there(study: Study) -> tuple[float, ...]:
    source = models.plain_source(study)
    there = tuple(source.epochs())
    if not there:
        message = f"there is no checkpoint in {source.place}: train the network first, with spikeatlas run"
        raise StudyError([message])
    return there


def _source(
    study: Study,
    epoch: float,
    other: tuple[Path, Mapping[str, Any]] | None,
    other_epoch: float | None,
) -> TransferSource | None:
    """Return the network that a transfer attack on an epoch follows; None where this training has no other epoch.

    StudyError where the one that is named cannot serve.
    """
    surrogate, file = (study, None) if other is None else (check_network(other[1]), other[0])
    there = _epochs_there(surrogate)
    if other_epoch is not None and other_epoch not in there:
        names = ", ".join(f"{number:g}" for number in there)
        raise StudyError(
            [f"--transfer-epoch {other_epoch:g}: there is no such epoch; there are {names}"]
        )
    choice = other_epoch
    if choice is None:
        others = there if file is not None else [number for number in there if number != epoch]
        choice = others[-1] if others else None
    if choice is None:
        return None
    name = f"epoch {choice:g}" if file is None else f"epoch {choice:g} of {file.stem}"
    source = TransferSource(surrogate, choice, name)
    return source if _serves(study, epoch, source, named=file is not None) else None


def _serves(study: Study, epoch: float, source: TransferSource, *, named: bool) -> bool:
    """Tell whether a network can be followed. StudyError where it cannot, and the user named it."""
    if differentiable(source.study, source.epoch) is None and not named:
        return False
    first, second = models.plain_source(study), models.plain_source(source.study)
    problems = caught("--transfer", source.target)
    if first.input_shape != second.input_shape or first.classes != second.classes:
        problems.append(
            f"--transfer: its network takes images of shape {second.input_shape} in {second.classes} classes, this one "
            f"{first.input_shape} in {first.classes}"
        )
    elif first.digest(epoch) == second.digest(source.epoch):
        problems.append(
            f"--transfer: {source.name} is the network under attack itself; name another one, or another epoch"
        )
    if problems:
        raise StudyError(problems)
    return True
