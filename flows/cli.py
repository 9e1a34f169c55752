"""The command line. Exit codes: 0 done, 1 something failed (and what), 2 bad input, 130 interrupted.

Heavy modules are imported by the commands that need them, after the environment is set.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from spikeatlas.flows.benchmark.command import benchmark
from spikeatlas.flows.interrupts import stop_tidily
from spikeatlas.tasks.study.location import place, store_failure

if TYPE_CHECKING:
    from spikeatlas.tasks.study.run import Run

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

app = typer.Typer(
    name="spikeatlas",
    help="What does every neuron of a spiking network want to see, and how does that change while it learns?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

StudyFile = Annotated[Path, typer.Argument(help="The study, a YAML file.", metavar="STUDY")]
# typer knows no unions; the parser gives a folder or a URL
AtlasPath = Annotated[
    Any,
    typer.Argument(
        help="The atlas: a folder named atlas.zarr, or a URL such as s3://bucket/name.zarr.",
        metavar="ATLAS",
        parser=place,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Override a field, e.g. --set search.budget=500.", metavar="KEY=VALUE"
    ),
]


@app.command()
def run(
    study: StudyFile,
    overrides: Overrides = None,
    *,
    fresh: Annotated[
        bool,
        typer.Option("--fresh", help="Discard the output folder's atlas and checkpoints first."),
    ] = False,
) -> None:
    """Make the study's atlas and report; go on where an earlier run stopped."""
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.tasks.study.study import read_study

    checked = check(read_study(study, overrides or ()), fresh=fresh)
    if fresh:
        discard(checked.run)
    stop_tidily()
    from spikeatlas.flows.launch import launch

    failures = launch(checked.study, checked.run)
    print(f"atlas:  {checked.run.atlas}")
    print(f"report: {checked.run.folder / 'report' / 'index.html'}")
    if failures:
        _say(*failures)
        raise typer.Exit(FAILED)


def discard(run: Run) -> None:
    """Remove what a run with other values must not find; a trained generator is named by what made it."""
    from spikeatlas.tasks.atlas import coordinator, remove

    with coordinator(run.folder, run.atlas):
        remove(run.atlas)
        for name in ("checkpoints", "report"):
            shutil.rmtree(run.folder / name, ignore_errors=True)


@app.command()
def validate(
    study: StudyFile,
    overrides: Overrides = None,
    *,
    plan: Annotated[
        bool, typer.Option("--plan", help="Show how responses are computed, layer by layer.")
    ] = False,
) -> None:
    """Check a study and print its plan: task runs, images, bytes, estimated time."""
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.flows.cost import cost, responder_plan
    from spikeatlas.tasks.study.study import read_study

    checked = check(read_study(study, overrides or ()))
    print(cost(checked))
    if plan:
        print(responder_plan(checked.run))


@app.command()
def info(
    atlas: AtlasPath,
    *,
    verify: Annotated[
        bool, typer.Option("--verify", help="Replay every stored image through its checkpoint.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="Replay with snnTorch's own loop over time.")
    ] = False,
) -> None:
    """Tell what an atlas holds; with --verify, whether every stored value is still true.

    --plain replays with snnTorch's own loop over time, the reference of every faster way.
    """
    from spikeatlas.tasks.atlas.integrity import metadata_damage
    from spikeatlas.tasks.inspect.info import describe
    from spikeatlas.tasks.inspect.verify import verify as replay

    # it cannot even be described without
    damaged = metadata_damage(atlas) if verify or plain else []
    if damaged:
        _say(*damaged)
        raise typer.Exit(FAILED)
    print(describe(atlas))
    if not (verify or plain):
        return
    from spikeatlas.flows.prepare import run_of_atlas

    verdict = replay(run_of_atlas(atlas), plain=plain)
    print("\n".join([*verdict.near, verdict.summary]))
    if not verdict.sound:
        _say(*verdict.problems)
        raise typer.Exit(FAILED)


@app.command()
def query(
    atlas: AtlasPath,
    *,
    epoch: Annotated[
        float | None, typer.Option(help="Training progress; the last analysed one if left out.")
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer; all if left out.")] = None,
    neuron: Annotated[
        int | None, typer.Option(help="Neuron of the layer; all if left out.")
    ] = None,
    method: Annotated[str | None, typer.Option(help="Search method; the best if left out.")] = None,
    repeat: Annotated[int | None, typer.Option(help="Repeat; the best if left out.")] = None,
    image: Annotated[Path | None, typer.Option(help="Write the stimulus to this PNG file.")] = None,
    about: Annotated[
        str,
        typer.Option(
            help="neurons, or over all epochs: onset, switched, methods, importance, accuracy."
        ),
    ] = "neurons",
    as_json: Annotated[bool, typer.Option("--json", help="Print rows as JSON.")] = False,
    png: Annotated[Path | None, typer.Option(help="Draw the answer to this file.")] = None,
) -> None:
    """Show what neurons want to see: response, state, class read in the image, latent; or what is --about training."""
    from spikeatlas.tasks.inspect import text, trends
    from spikeatlas.tasks.inspect.neurons import Question, answer, draw_stimuli, save_image

    question = Question(epoch, layer, neuron, method, repeat)
    if about != "neurons":
        if image is not None:
            raise ValueError(f"--image is a neuron's stimulus: --about {about} is drawn by --png")
        frame = trends.ask(atlas, about, question)
        if png is not None:
            text.draw(frame, about, png)
    else:
        found = answer(atlas, question)
        frame = found.frame
        if png is not None:
            draw_stimuli(found, png)
        if image is not None:
            save_image(found, image)
    print(text.as_json(frame) if as_json else text.text(frame))


@app.command()
def compare(
    atlas: AtlasPath,
    first: Annotated[str, typer.Argument(help="A search method.")] = "screened",
    second: Annotated[str, typer.Argument(help="Another one.")] = "random",
) -> None:
    """Count the neurons for which one method found a stronger stimulus than another, layer by layer."""
    from spikeatlas.tasks.inspect.compare import duel

    print(duel(atlas, first, second))


@app.command()
def claims(
    atlases: Annotated[
        list[Any],
        typer.Argument(
            help="Atlases of one study; further ones are of networks trained from other seeds, or on shuffled labels.",
            metavar="ATLAS...",
            parser=place,
        ),
    ],
) -> None:
    """Test the paper's claims on one or more networks, and show the controls that the answers rest on."""
    from spikeatlas.tasks.inspect.info import as_text
    from spikeatlas.tasks.stages.conclude import report_claims

    for part in report_claims(atlases):
        print(part if isinstance(part, str) else as_text(part), end="\n\n")


@app.command()
def report(
    atlas: AtlasPath,
    output: Annotated[
        Path | None,
        typer.Option(
            "-o", "--output", help="Folder of the page; report/ beside the atlas if left out."
        ),
    ] = None,
) -> None:
    """Write the report of an atlas: one self-contained HTML page."""
    from spikeatlas.tasks.report import write_report

    if output is None and not isinstance(atlas, Path):
        raise ValueError(f"{atlas} has no folder beside it: say with --output where the page goes")
    print(f"report: {write_report(atlas, output or atlas.parent / 'report')}")


@app.command()
def assess(study: StudyFile, overrides: Overrides = None) -> None:
    """Judge a study's generator with the study's classifier; train first what is missing of the two."""
    from spikeatlas.flows.assess import assess as judge
    from spikeatlas.flows.checks.study_checks import check
    from spikeatlas.tasks.study.study import read_study

    stop_tidily()
    # an atlas that is there is neither read nor changed, so it need not agree
    for part in judge(check(read_study(study, overrides or ()), fresh=True).run):
        print(part, flush=True)


@app.command()
def deploy(
    root: Annotated[
        Path, typer.Option(help="Folder of the source, in which deployed flows run.")
    ] = Path(),
) -> None:
    """Register all flows on the Prefect server at PREFECT_API_URL, to be scheduled and triggered there."""
    from spikeatlas.flows.deploy import deploy as register

    print("\n".join(register(root.resolve())))


app.command()(benchmark)


def _say(*sentences: str) -> None:
    for text in sentences:
        print(text, file=sys.stderr)


def main() -> NoReturn:
    """Run the command line: what a user can cause becomes sentences, never a traceback."""
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:  # typer turns Ctrl-C into this code
            _say("interrupted: what is done is kept; run the same command again to go on")
        raise
    except (ValueError, OSError) as error:
        _say(*str(error).splitlines())
        sys.exit(BAD_INPUT)
    except RuntimeError as error:
        _say(*str(error).splitlines())
        sys.exit(FAILED)
    except Exception as error:
        told = store_failure(error)
        if told is None:
            raise
        _say(told)
        sys.exit(FAILED)
    sys.exit(0)


if __name__ == "__main__":
    main()
