"""The command `spikeatlas robustness`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spikeatlas.flows import options
from spikeatlas.flows.interrupts import stop_tidily
from spikeatlas.flows.runners.terminal import tell

Strengths = list[str] | None

Epochs = Annotated[
    list[float] | None,
    typer.Option("--epochs", help="Epoch, repeatable; the last that there is if left out."),
]
Images = Annotated[int, typer.Option(help="Test images, evenly of every class.")]
NoiseLevels = Annotated[
    Strengths,
    typer.Option(
        "--noise",
        help="Standard deviations of Gaussian noise, of pixels from 0 to 1: 0.1,0.3; 0.1,0.2,0.3,0.5 if left out.",
        metavar="S,...",
    ),
]
Radii = Annotated[
    Strengths,
    typer.Option(
        "--eps",
        help="Radii of attacks, by the largest change of a pixel: 2/255,0.1; 2/255,8/255,0.1 if left out.",
        metavar="E,...",
    ),
]
EuclideanRadii = Annotated[
    Strengths,
    typer.Option(
        "--l2",
        help="Radii of attacks, by the length of the whole change; 0.25 if left out.",
        metavar="E,...",
    ),
]
Attacks = Annotated[
    list[str] | None,
    typer.Option(
        "--attack",
        help="Attack, repeatable: its name, its fields as {kind: pgd, steps: 40}, or one of yours; all if left out.",
        metavar="ATTACK",
    ),
]
OtherStudy = Annotated[
    Path | None,
    typer.Option(
        "--transfer",
        help="Study of the network whose gradients the transfer attack follows; this one's, at another epoch, if left out.",
        metavar="STUDY",
        parser=options.path,
    ),
]
OtherEpoch = Annotated[
    float | None,
    typer.Option("--transfer-epoch", help="Epoch of that network; its last if left out."),
]
Folder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        help="Folder of robustness.json and robustness.png; robustness/ in the study's output if left out.",
        metavar="DIR",
        parser=options.path,
    ),
]


def robustness(
    study: options.StudyFile,
    overrides: options.Overrides = None,
    *,
    epochs: Epochs = None,
    images: Images = 256,
    noise: NoiseLevels = None,
    eps: Radii = None,
    l2: EuclideanRadii = None,
    attack: Attacks = None,
    transfer: OtherStudy = None,
    transfer_epoch: OtherEpoch = None,
    output: Folder = None,
) -> None:
    """Measure a trained network under noise and attacks: accuracy, and what noise does to its layers.

    It goes on where it was: what robustness.json has is not measured again.
    """
    from spikeatlas.flows.commands.robustness_study import AttackOptions, measure_study
    from spikeatlas.flows.study_file import read_study

    choices = AttackOptions(
        tuple(epochs) if epochs else None, images, noise, eps, l2, attack, transfer_epoch
    )
    other = None if transfer is None else (transfer, read_study(transfer))
    stop_tidily()
    for part in measure_study(read_study(study, overrides or ()), choices, other, output):
        tell(part)
