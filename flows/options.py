"""Arguments and options that commands share, with their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from spikeatlas.snn.allowed_places import expand
from spikeatlas.tasks.study.location import Place, place


def path(text: str) -> Path:
    """Read a path; BadParameter, in a sentence, for what is none."""
    try:
        return expand(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def atlas_place(text: str) -> Place:
    """Read the place of an atlas; BadParameter, in a sentence, for what is none."""
    try:
        return place(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


StudyFile = Annotated[
    Path, typer.Argument(help="The study, a YAML file.", metavar="STUDY", parser=path)
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", help="Override a field, e.g. --set search.budget=500.", metavar="KEY=VALUE"
    ),
]
# typer knows no unions; the parser gives a folder or a URL
AtlasPath = Annotated[
    Any,
    typer.Argument(
        help="The atlas: a folder named atlas.zarr, or a URL such as s3://bucket/name.zarr.",
        metavar="ATLAS",
        parser=atlas_place,
    ),
]
AtlasPaths = Annotated[
    list[Any],
    typer.Argument(
        help="Atlases of one study; further ones are of networks trained from other seeds, or on shuffled labels.",
        metavar="ATLAS...",
        parser=atlas_place,
    ),
]

Fresh = Annotated[
    bool,
    typer.Option(
        "--fresh",
        help="Remove the atlas, checkpoints and pages that runs made in the output folder first.",
    ),
]
Ways = Annotated[
    bool, typer.Option("--plan", help="Show how responses are computed, layer by layer.")
]
Network = Annotated[
    bool,
    typer.Option(
        "--network", help="The argument is a study: show the layers of its network instead."
    ),
]
Cut = Annotated[
    bool,
    typer.Option(
        "--cut",
        help="Read test images without dormant neurons, and without as many dead and live ones.",
    ),
]
Verify = Annotated[
    bool, typer.Option("--verify", help="Replay every stored image through its checkpoint.")
]
Plain = Annotated[bool, typer.Option("--plain", help="Replay with snnTorch's own loop over time.")]
DeviceName = Annotated[
    Literal["cpu", "cuda"] | None,
    typer.Option(help="Replay on this device: cpu or cuda; the atlas's own if left out."),
]
ReportFolder = Annotated[
    Path | None,
    typer.Option(
        "-o",
        "--output",
        help="Folder of the page; report/ beside the atlas if left out.",
        metavar="PATH",
        parser=path,
    ),
]
SourceFolder = Annotated[
    Path,
    typer.Option(
        help="Folder with deployments/, in which deployed flows run.", metavar="PATH", parser=path
    ),
]

# of `serve`
ServedFolder = Annotated[
    Path,
    typer.Argument(help="Folder of a run, or one above several.", metavar="FOLDER", parser=path),
]
Port = Annotated[
    int | None,
    typer.Option(
        "-p",
        "--port",
        help="Port; 8350, or a free one where that is taken, if left out; 0 for a free one.",
    ),
]

# of `query`
QueriedAtlases = Annotated[
    list[Any],
    typer.Argument(
        help="The atlas: a folder named atlas.zarr, or a URL; with --about agreement, also those of other training seeds.",
        metavar="ATLAS...",
        parser=atlas_place,
    ),
]
Epoch = Annotated[
    float | None, typer.Option(help="Training progress; the last analysed one if left out.")
]
Layer = Annotated[str | None, typer.Option(help="Layer; all if left out.")]
NeuronNumber = Annotated[int | None, typer.Option(help="Neuron of the layer; all if left out.")]
MethodName = Annotated[str | None, typer.Option(help="Search method; the best if left out.")]
Repeat = Annotated[int | None, typer.Option(help="Repeat; the best if left out.")]
Image = Annotated[
    Path | None,
    typer.Option(help="Write the stimulus to this PNG file.", metavar="PATH", parser=path),
]
About = Annotated[
    str,
    typer.Option(
        help="neurons, or over all epochs: onset, switched, methods, importance, agreement, accuracy, position."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print rows as JSON.")]
Drawing = Annotated[
    Path | None, typer.Option(help="Draw the answer to this file.", metavar="PATH", parser=path)
]
