"""The commands that ask an atlas, or change it: info, query, compare, claims, life, report, migrate."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from spikeatlas.flows import options
from spikeatlas.flows.runners.terminal import BAD_INPUT, FAILED, complain, tell, unwritten


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
    from spikeatlas.tasks.inspect.replay.verify import verify as replay

    # damaged metadata cannot even be described
    verify = verify or plain or device is not None
    if verify and (damage := metadata_damage(atlas)):
        complain(*damage)
        raise typer.Exit(FAILED)
    tell(describe(atlas))
    if not verify:
        return
    verdict = replay(run_of_atlas(atlas), plain=plain, device=device)
    tell("\n".join([*verdict.near, *verdict.devices.lines, verdict.summary]))
    if not verdict.sound:
        complain(*verdict.problems)
        raise typer.Exit(FAILED)


def query(
    atlases: options.QueriedAtlases,
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
    atlas, *further = atlases
    if about != "neurons":
        if image is not None:
            raise ValueError(f"--image is a neuron's stimulus: --about {about} is drawn by --png")
        frame = trends.read_trend(atlas, about, selection, further)
        problems = unwritten(lambda path: text.draw(frame, about, path), png)
    elif further:
        raise ValueError("neurons are shown of one atlas: name one, or ask --about agreement")
    else:
        reply = read_neurons(atlas, selection)
        frame = reply.frame
        problems = unwritten(partial(draw_stimuli, reply), png)
        problems += unwritten(partial(save_image, reply), image)
    tell(text.as_json(frame) if as_json else text.text(frame))
    if problems:
        complain(*problems)
        raise typer.Exit(BAD_INPUT)


def compare(
    atlas: options.AtlasPath,
    first: Annotated[str, typer.Argument(help="A search method.")] = "screened",
    second: Annotated[str, typer.Argument(help="Another one.")] = "random",
) -> None:
    """Count the neurons for which one method found a stronger stimulus than another, layer by layer."""
    from spikeatlas.tasks.inspect.compare import compare_methods

    tell(compare_methods(atlas, first, second))


def claims(atlases: options.AtlasPaths) -> None:
    """Test the paper's claims on one or more networks, and show the controls that the answers rest on."""
    from spikeatlas.tasks.inspect.text import as_text
    from spikeatlas.tasks.stages.conclude import report_claims

    for part in report_claims(atlases, warn=complain):
        tell(part if isinstance(part, str) else as_text(part), end="\n\n")


def life(atlas: options.AtlasPath, *, cut: options.Cut = False) -> None:
    """Count live, dormant, undriven, dead and cut neurons, by epoch and layer, of an atlas with analysis.life.

    With --cut, measure what the network reads without dormant neurons, and without as many dead, undriven and live ones.
    """
    from spikeatlas.tasks.inspect.text import text
    from spikeatlas.tasks.life import cut_effects, life_counts

    tell(text(life_counts(atlas)))
    if cut:
        tell(text(cut_effects(atlas)))


def report(atlas: options.AtlasPath, output: options.ReportFolder = None) -> None:
    """Write the report of an atlas: one self-contained HTML page."""
    from spikeatlas.tasks.report import write_report

    if output is None and not isinstance(atlas, Path):
        raise ValueError(f"{atlas} has no folder beside it: say with --output where the page goes")
    tell(f"report: {write_report(atlas, output or atlas.parent / 'report')}")


def migrate(atlas: options.AtlasPath) -> None:
    """Make an atlas of an older version one of today, in its place, so that its study can go on with it."""
    from spikeatlas.tasks.atlas import migrate as make_current

    tell("\n".join(make_current(atlas)))
