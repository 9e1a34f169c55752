"""The command ``spikeatlas benchmark``: what it takes, and which mode that asks for."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from spikeatlas.flows.benchmark.mode import RACE, Mode
from spikeatlas.flows.interrupts import stop_tidily
from spikeatlas.flows.options import path
from spikeatlas.flows.runners.terminal import tell
from spikeatlas.snn.allowed_places import expand

SPELLINGS = {
    "overrides": "--set",
    "single": "--each",
    "bench": "a benchmark file",
    "neurons": "numbers of neurons",
}
"""Arguments as the command line names them, where that is not ``--`` and the name."""


def benchmark(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="A benchmark of searches, a YAML file; with --orchestration, --analysis or --explorer: neurons.",
            metavar="BENCH|NEURONS",
        ),
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Override a field, e.g. --set budget=500.", metavar="KEY=VALUE"),
    ] = None,
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Print only the cells and the predicted time.")
    ] = False,
    table: Annotated[
        bool, typer.Option("--table", help="Print only the table, from what is done.")
    ] = False,
    networks: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="Train the networks that a YAML file lists with each seed, and compare each with its control.",
        ),
    ] = None,
    responder: Annotated[
        bool,
        typer.Option("--responder", help="Time responses and training against snnTorch's loop."),
    ] = False,
    kinds: Annotated[
        bool,
        typer.Option(
            "--kinds", help="Time responses of networks of each kind against the plain loop."
        ),
    ] = False,
    training: Annotated[
        bool, typer.Option("--training", help="Time training steps on every back end.")
    ] = False,
    training_kinds: Annotated[
        bool,
        typer.Option(
            "--training-kinds",
            help="Time training of each kind of neuron and normalisation against the loop over steps.",
        ),
    ] = False,
    generator: Annotated[
        Path | None,
        typer.Option(help="Time this VQ-VAE's decoding against MANGO's loop over images."),
    ] = None,
    orchestration: Annotated[
        bool,
        typer.Option("--orchestration", help="Time a study as a flow against a bare loop."),
    ] = False,
    runners: Annotated[
        bool, typer.Option("--runners", help="Time the demo's searches on threads and processes.")
    ] = False,
    analysis: Annotated[
        bool, typer.Option("--analysis", help="Time the analysis of a large atlas.")
    ] = False,
    planted: Annotated[
        bool,
        typer.Option("--planted", help="Count how often the analysis finds what was planted."),
    ] = False,
    convex: Annotated[
        bool,
        typer.Option(
            "--convex",
            help="Hold convex training of threshold units against networks trained by gradients.",
        ),
    ] = False,
    explorer: Annotated[
        bool,
        typer.Option(
            "--explorer", help="Weigh an explorer of 10,000 MEIs and time it in chromium."
        ),
    ] = False,
    importance: Annotated[
        bool,
        typer.Option(
            "--importance",
            help="Silence the neurons that measures of importance name, and compare what is lost.",
        ),
    ] = False,
    landscapes: Annotated[
        bool,
        typer.Option(
            "--landscapes",
            help="Race the searches over made-up neurons whose best image is known, beside one ridge regression.",
        ),
    ] = False,
    optima: Annotated[
        Path | None,
        typer.Option(
            metavar="ATLAS",
            parser=path,
            help="Enumerate the grid of an atlas: how many searches reached its optimum?",
        ),
    ] = None,
    students: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="Fit students of each kind to the networks of a benchmark of searches, and hold them against new images.",
        ),
    ] = None,
    returns: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="Train the actors that a YAML file lists, and print their returns.",
        ),
    ] = None,
    images: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="With --responder, --kinds or --training: image folder (train/<class>/*, test/<class>/*), 32x32, in colour.",
        ),
    ] = None,
    study: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="With --training: time this study's network and training, fields of it changed by --set.",
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="With --responder, --kinds, --training, --training-kinds, --generator, --runners: rounds, 3 or 1 by default.",
        ),
    ] = None,
    single: Annotated[
        bool,
        typer.Option(
            "--each", help="With --orchestration: one task run for each neuron, tiny searches."
        ),
    ] = False,
    pairs: Annotated[
        int | None,
        typer.Option(
            min=1, help="With --orchestration: times that each size is measured, 1 by default."
        ),
    ] = None,
    epochs: Annotated[
        int | None,
        typer.Option(min=1, help="With --analysis or --explorer: epochs, 20 or 10 by default."),
    ] = None,
    figure: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            parser=path,
            help="With BENCH or --responder: draw the result to this PNG file.",
        ),
    ] = None,
) -> None:
    """Race searches as BENCH says and print the table, or measure one part of the program.

    A race goes on where an earlier one stopped, and runs again only what was changed.
    """
    arguments = {name: value for name, value in locals().items() if value}
    from spikeatlas.flows.benchmark.modes import MODES

    stop_tidily()
    for part in measure(MODES, arguments):
        tell(part)


def measure(modes: Mapping[str, Mode], arguments: Mapping[str, Any]) -> Iterator[str]:
    """Return what the mode prints that the command line asks for, part by part.

    ``arguments``: those on the command line, by name. ValueError where they ask for no mode or several, or one of
    them does not go with the mode.
    """
    flags = [name for name in arguments if _flag(name) in modes]
    words = arguments.get("words", ())
    numbers = all(word.isdecimal() and int(word) > 0 for word in words)
    if len(flags) > 1 or (flags and not numbers) or (not flags and len(words) != 1):
        names = ", ".join(name for name in modes if name != RACE)
        raise ValueError(
            f"name one thing to measure: a benchmark file, or one of {names}; numbers beside one of these are neurons"
        )
    options = {name: value for name, value in arguments.items() if name != "words"}
    if not flags:
        return run(modes, RACE, options | {"bench": expand(words[0])})
    if options[flags[0]] is True:
        del options[flags[0]]
    if words:
        options["neurons"] = tuple(map(int, words))
    return run(modes, _flag(flags[0]), options)


def run(modes: Mapping[str, Mode], name: str, options: Mapping[str, Any]) -> Iterator[str]:
    """Return what the mode of that name prints. ValueError for an option that it does not take."""
    allowed = list(inspect.signature(modes[name]).parameters)
    for option in options:
        if option not in allowed:
            takes = ", ".join(map(_spelled, allowed)) or "nothing else"
            raise ValueError(f"{_spelled(option)} does not go with {name}, which takes {takes}")
    return modes[name](**options)


def _spelled(option: str) -> str:
    return SPELLINGS.get(option, _flag(option))


def _flag(argument: str) -> str:
    return f"--{argument.replace('_', '-')}"
