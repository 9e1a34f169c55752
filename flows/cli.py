"""The command line. Exit codes: 0 done, 1 something failed (and what), 2 bad input, 130 interrupted.

Heavy modules are imported by the commands that need them, after the environment is set.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from spikeatlas.flows import options
from spikeatlas.flows.benchmark.command import benchmark
from spikeatlas.flows.interrupts import INTERRUPTED, stop_tidily
from spikeatlas.flows.runners.failures import known_failure
from spikeatlas.flows.runners.terminal import commands_of, tell, unwritten
from spikeatlas.flows.serving.serve_command import serve
from spikeatlas.flows.starter.init_command import init
from spikeatlas.snn.sentences import sentence_of

FAILED, BAD_INPUT = 1, 2

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
        _say(*failures)
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


@command
def info(
    atlas: options.AtlasPath,
    *,
    verify: options.Verify = False,
    plain: options.Plain = False,
    device: options.DeviceName = None,
    network: options.Network = False,
) -> None:
    """Tell what an atlas holds; with --verify, whether every stored value is still true.

    --plain replays in the plainest way, the reference of every faster one, --device on another device than the
    atlas's own: then the spikes that differ are counted. With --network and a study in place of the
    atlas: the layers of the study's network, how they respond, and what it reads.
    """
    if network:
        from spikeatlas.flows.checks.study_checks import check_network
        from spikeatlas.flows.study_file import read_study
        from spikeatlas.tasks.inspect.network_table import describe_network

        tell(describe_network(check_network(read_study(atlas, ()))))
        return
    from spikeatlas.tasks.atlas.integrity import metadata_damage
    from spikeatlas.tasks.atlas.origin import run_of_atlas
    from spikeatlas.tasks.inspect.info import describe
    from spikeatlas.tasks.inspect.verify import verify as replay

    # damaged metadata cannot even be described
    verify = verify or plain or device is not None
    if verify and (damage := metadata_damage(atlas)):
        _say(*damage)
        raise typer.Exit(FAILED)
    tell(describe(atlas))
    if not verify:
        return
    verdict = replay(run_of_atlas(atlas), plain=plain, device=device)
    tell("\n".join([*verdict.near, *verdict.devices.lines, verdict.summary]))
    if not verdict.sound:
        _say(*verdict.problems)
        raise typer.Exit(FAILED)


@command
def query(
    atlas: options.AtlasPath,
    *,
    epoch: options.Epoch = None,
    layer: options.Layer = None,
    neuron: options.NeuronNumber = None,
    method: options.MethodName = None,
    repeat: options.Repeat = None,
    image: options.Image = None,
    about: options.About = "neurons",
    as_json: options.AsJson = False,
    png: options.Drawing = None,
) -> None:
    """Show what neurons want to see: response, state, class read in the image, latent; or what is --about training."""
    from spikeatlas.tasks.inspect import text, trends
    from spikeatlas.tasks.inspect.neurons import Selection, draw_stimuli, read_neurons, save_image

    selection = Selection(epoch, layer, neuron, method, repeat)
    if about != "neurons":
        if image is not None:
            raise ValueError(f"--image is a neuron's stimulus: --about {about} is drawn by --png")
        frame = trends.read_trend(atlas, about, selection)
        problems = unwritten(lambda path: text.draw(frame, about, path), png)
    else:
        reply = read_neurons(atlas, selection)
        frame = reply.frame
        problems = unwritten(partial(draw_stimuli, reply), png)
        problems += unwritten(partial(save_image, reply), image)
    tell(text.as_json(frame) if as_json else text.text(frame))
    if problems:
        _say(*problems)
        raise typer.Exit(BAD_INPUT)


@command
def compare(
    atlas: options.AtlasPath,
    first: Annotated[str, typer.Argument(help="A search method.")] = "screened",
    second: Annotated[str, typer.Argument(help="Another one.")] = "random",
) -> None:
    """Count the neurons for which one method found a stronger stimulus than another, layer by layer."""
    from spikeatlas.tasks.inspect.compare import compare_methods

    tell(compare_methods(atlas, first, second))


@command
def claims(atlases: options.AtlasPaths) -> None:
    """Test the paper's claims on one or more networks, and show the controls that the answers rest on."""
    from spikeatlas.tasks.inspect.text import as_text
    from spikeatlas.tasks.stages.conclude import report_claims

    for part in report_claims(atlases, warn=_say):
        tell(part if isinstance(part, str) else as_text(part), end="\n\n")


@command
def report(atlas: options.AtlasPath, output: options.ReportFolder = None) -> None:
    """Write the report of an atlas: one self-contained HTML page."""
    from spikeatlas.tasks.report import write_report

    if output is None and not isinstance(atlas, Path):
        raise ValueError(f"{atlas} has no folder beside it: say with --output where the page goes")
    tell(f"report: {write_report(atlas, output or atlas.parent / 'report')}")


@command
def migrate(atlas: options.AtlasPath) -> None:
    """Make an atlas of an older version one of today, in its place, so that its study can go on with it."""
    from spikeatlas.tasks.atlas import migrate as make_current

    tell("\n".join(make_current(atlas)))


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


command(serve)
command(init)
command(benchmark)


def _say(*sentences: str) -> None:
    print(*sentences, sep="\n", file=sys.stderr)


def main() -> NoReturn:
    """Run the command line: what a user can cause becomes sentences, never a traceback."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this code
            _say("interrupted: what is done is kept; run the same command again to go on")
        raise
    except (ValueError, OSError) as error:
        _say(*sentence_of(error).splitlines())
        sys.exit(BAD_INPUT)
    except (RuntimeError, FloatingPointError) as error:  # the latter: a training that diverged
        _say(*str(error).splitlines())
        sys.exit(FAILED)
    except Exception as error:
        sentence = known_failure(error)
        if sentence is None:
            raise
        _say(sentence)
        sys.exit(FAILED)
    sys.exit(0)


if __name__ == "__main__":
    main()
