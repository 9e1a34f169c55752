"""The files of a run: each trained once, and named by what it depends on."""

from __future__ import annotations

from pathlib import Path

from spikeatlas.tasks.study.digests import digest, json_values
from spikeatlas.tasks.study.setup import Setup

PICTURE_MARK = "Spike Atlas: a run at work"
"""Title within the picture of a run at work."""

CLAIMS_FILE = "claims.json"
"""What was decided on the claims, beside the atlas."""

PAGES = ("index.html", "explore.html")
"""The report and the explorer, in ``report/`` or where a user wants them."""


def checkpoint_folder(setup: Setup) -> Path:
    """Return the folder of the checkpoints that the setup's own training writes."""
    return setup.output / "checkpoints"


def generator_key(setup: Setup) -> str:
    """Return the digest (hex) of all that a trained generator depends on."""
    return digest(
        {
            "data": json_values(setup.data),
            "generator": json_values(setup.generator),
            "seed": setup.seed,
        }
    )


def generator_file(setup: Setup) -> Path:
    """Return the generator's file: trained here, or given.

    Of an adapter without one, the file in which its function stands.
    """
    files = (setup.generator.checkpoint, *setup.generator.sources)
    trained = setup.output / f"generator-{generator_key(setup)[:16]}.safetensors"
    return next(filter(None, files), trained)


def classifier_file(setup: Setup) -> Path:
    """Return the classifier's file."""
    made_of = {
        "data": json_values(setup.data),
        "classifier": json_values(setup.classifier),
        "seed": setup.seed,
    }
    return setup.output / f"classifier-{digest(made_of)[:16]}.safetensors"


def prior_file(setup: Setup, generator_digest: str) -> Path:
    """Return the file of the priors of the codes of the generator with that digest (hex)."""
    made_of = {"generator": generator_digest, "data": json_values(setup.data), "seed": setup.seed}
    return setup.output / f"prior-{digest(made_of)[:16]}.safetensors"
