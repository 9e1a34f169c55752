"""The command line. Exit codes: 0 done, 1 something failed (and what), 2 bad input, 130 interrupted.

Heavy modules are imported by the commands that need them, after the environment is set.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import NoReturn

import typer

from spikeatlas.flows import options
from spikeatlas.flows.benchmark.command import benchmark
from spikeatlas.flows.commands.atlas_commands import (
    claims,
    compare,
    info,
    life,
    migrate,
    query,
    report,
)
from spikeatlas.flows.commands.robustness_command import robustness
from spikeatlas.flows.interrupts import INTERRUPTED, stop_tidily
from spikeatlas.flows.runners.failures import known_failure
from spikeatlas.flows.runners.terminal import BAD_INPUT, FAILED, commands_of, complain, tell
from spikeatlas.flows.serving.serve_command import serve
from spikeatlas.flows.starter.init_command import init
from spikeatlas.snn.sentences import sentence_of

app = typer.Typer(
    name="spikeatlas",
    help="What does every neuron of a spiking network want to see, and how does that change while it learns?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
command = commands_of(app)


@command
def run(
    study: options.StudyFile,
    overrides: options.Overrides = None,
    *,
    fresh: options.Fresh = False,
) -> None:
    """Make the study's atlas and report; go on where an earlier run stopped."""
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.flows.launch import launch
    from spikeatlas.flows.study_file import read_study

    checked = check(read_study(study, overrides or ()), fresh=fresh)
    stop_tidily()
    failures = launch(checked, fresh=fresh)
    tell(f"atlas:  {checked.run.atlas}")
    tell(f"report: {checked.run.folder / 'report' / 'index.html'}")
    if failures:
        complain(*failures)
        raise typer.Exit(FAILED)


@command
def validate(
    study: options.StudyFile,
    overrides: options.Overrides = None,
    *,
    plan: options.Ways = False,
) -> None:
    """Check a study and print its plan: task runs, images, bytes, estimated time."""
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.flows.cost import cost, responder_plan
    from spikeatlas.flows.study_file import read_study
    from spikeatlas.tasks.inspect.network_table import describe_network

    checked = check(read_study(study, overrides or ()))
    tell(cost(checked))
    if not checked.study.network.trained_here:
        tell(describe_network(checked.study))
    if plan:
        tell(responder_plan(checked.run))


for _atlas_command in (info, query, compare, claims, life, report, migrate):
    command(_atlas_command)


@command
def assess(study: options.StudyFile, overrides: options.Overrides = None) -> None:
    """Judge a study's generator with the study's classifier; train first what is missing of the two."""
    from spikeatlas.flows.assess import assess_study
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.flows.study_file import read_study

    stop_tidily()
    for part in assess_study(check(read_study(study, overrides or ()), atlas=False).run):
        tell(part)


@command
def deploy(root: options.SourceFolder = Path()) -> None:
    """Register all flows on the Prefect server at PREFECT_API_URL, to be scheduled and triggered there."""
    from spikeatlas.flows.deploy import deploy as register

    for line in register(root.resolve()):
        tell(line)


for _other in (robustness, serve, init, benchmark):
    command(_other)


def main() -> NoReturn:
    """Run the command line: what a user can cause becomes sentences, never a traceback."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this code
            complain("interrupted: what is done is kept; run the same command again to go on")
        raise
    except (ValueError, OSError) as error:
        complain(*sentence_of(error).splitlines())
        sys.exit(BAD_INPUT)
    except (RuntimeError, FloatingPointError) as error:  # the latter: a training that diverged
        complain(*(known_failure(error) or str(error)).splitlines())
        sys.exit(FAILED)
    except Exception as error:
        sentence = known_failure(error)
        if sentence is None:
            raise
        complain(sentence)
        sys.exit(FAILED)
    sys.exit(0)


if __name__ == "__main__":
    main()
