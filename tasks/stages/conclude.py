"""The conclusions over training: ``/training`` of the atlas, and the claims beside it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.table import Table

from spikeatlas.snn.sentences import sentence_of
from spikeatlas.tasks.analysis import tables
from spikeatlas.tasks.analysis.claim import Claim
from spikeatlas.tasks.analysis.claims import claims
from spikeatlas.tasks.analysis.course import Course, course_of, training_table
from spikeatlas.tasks.atlas import Tree, layout_of, open_tree, write
from spikeatlas.tasks.atlas.ownership import in_the_way, is_claims
from spikeatlas.tasks.study.location import Place, store_failure, write_whole
from spikeatlas.tasks.study.run_files import CLAIMS_FILE

log = logging.getLogger("spikeatlas")


def conclude(atlas: Place) -> list[Claim]:
    """Write ``/training`` and ``claims.json`` of one atlas, as far as it is analysed; return the claims.

    None, and nothing is written, for a network trained on shuffled labels, or an atlas without analysed epochs.
    """
    with open_tree(atlas) as tree:
        if "natural_image" not in tree or not (tree.progress.analysed.values == 1).any():
            return []
        course = course_of(tree, atlas.parent.name)
    write.write_training(atlas, training_table(course))
    return [] if course.control else save(atlas, [course])


def save(atlas: Place, courses: Sequence[Course]) -> list[Claim]:
    """Test the claims on networks of one study and write ``claims.json`` beside the first's atlas."""
    results = claims(courses)
    _write(atlas, results)
    return results


def _write(atlas: Place, results: Sequence[Claim]) -> None:
    """Write claims beside an atlas. ValueError where a file of somebody else's has their name."""
    file = atlas.parent / CLAIMS_FILE
    if isinstance(file, Path) and (problems := in_the_way([(file, is_claims)], "claims", "folder")):
        raise ValueError(*problems)
    text = json.dumps([claim.as_json() for claim in results], indent=1)
    write_whole(file, text + "\n")


def _write_if_possible(
    atlas: Place, results: Sequence[Claim], warn: Callable[[str], object]
) -> None:
    """Write claims, or say why they are told and not written: on a disk of somebody else's, say."""
    try:
        _write(atlas, results)
    except Exception as error:
        reason = store_failure(error) or (
            sentence_of(error) if isinstance(error, ValueError | OSError) else None
        )
        if reason is None:
            raise
        warn(f"the claims are not written beside {atlas}: {reason}")


def report_claims(
    atlases: Sequence[Place], warn: Callable[[str], object] = log.warning
) -> list[Table | str]:
    """Return the claims on one or more networks, the first being the main one, with the tables they rest on.

    They are written beside the first, where that can be; otherwise ``warn`` gets the sentence that says why not.

    ValueError where the atlases are of different studies (but for seeds and labels), or lack what is tested.
    """
    with open_tree(atlases[0]) as tree:
        courses = [course_of(tree, atlases[0].parent.name)]
        of_meis = _mei_tables(tree, courses[0])
    for atlas in atlases[1:]:
        with open_tree(atlas) as tree:
            courses.append(course_of(tree, atlas.parent.name))
    for course in courses[1:]:
        _check_alike(courses[0], course)
    results = claims(courses)
    _write_if_possible(atlases[0], results, warn)
    trained = [course for course in courses if not course.control]
    return [
        tables.claim_table(results),
        "\n".join(tables.reasons(results)),
        tables.census(courses),
        tables.changes(courses),
        tables.accuracy_relation(trained),
        tables.importances(courses[0]),
        *of_meis,
    ]


def _mei_tables(tree: Tree, course: Course) -> list[Table | str]:
    """Return the tables about MEIs, or a sentence where nothing was searched."""
    if not layout_of(tree.root).methods:
        sentence = (
            "Nothing was searched (search.methods: []): there are no MEIs, so there is no table of what is read in them "
            "and of how far they move."
        )
        return [sentence]
    return [tables.false_calls(course), tables.drifts(tree, course)]


def _check_alike(first: Course, other: Course) -> None:
    if list(first.layers) != list(other.layers) or first.epochs.tolist() != other.epochs.tolist():
        message = (
            f"{other.name} has layers {', '.join(other.layers)} at epochs {_epochs(other)}, but {first.name} has "
            f"{', '.join(first.layers)} at {_epochs(first)}: claims take networks of one study, trained from other seeds"
        )
        raise ValueError(message)
    if not other.control and other.seed == first.seed:
        message = f"{other.name} and {first.name} were trained from the same seed {first.seed}: name atlases of different seeds"
        raise ValueError(message)


def _epochs(course: Course) -> str:
    return ", ".join(f"{epoch:g}" for epoch in course.epochs)
