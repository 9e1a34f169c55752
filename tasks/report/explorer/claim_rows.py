"""The three claims, as the analysis of a study leaves them beside its atlas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from spikeatlas.tasks.study.location import Place
from spikeatlas.tasks.study.run_files import CLAIMS_FILE

FIELDS = ("name", "statement", "answer")
NUMBERS = ("effect", "low", "high")

ABSENT = f"The three claims have not been computed: there is no {CLAIMS_FILE} beside this atlas."


def read_claims(atlas: Place) -> tuple[list[dict[str, Any]], str]:
    """Read the claims beside an atlas: them and an empty sentence, or none and a sentence that says why.

    A claim has ``name``, ``statement``, ``answer``; as far as known ``effect`` with its interval ``low``,
    ``high`` and ``unit``; ``seeds`` (number of training seeds); ``reasons`` (sentences).
    """
    file = atlas.parent / CLAIMS_FILE
    try:
        rows = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], ABSENT
    except (OSError, ValueError) as error:
        return (
            [],
            f"The claims cannot be shown: {CLAIMS_FILE} beside this atlas cannot be read ({error}).",
        )
    if not isinstance(rows, list) or not all(_is_claim(row) for row in rows):
        needed = ", ".join(FIELDS)
        return (
            [],
            f"The claims cannot be shown: {CLAIMS_FILE} is not a list of claims with {needed}.",
        )
    return [_plain(row) for row in rows], ""


def _is_claim(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(value.get(name), str) for name in FIELDS)


def _plain(claim: Mapping[str, Any]) -> dict[str, Any]:
    numbers = {
        name: claim.get(name) if isinstance(claim.get(name), int | float) else None
        for name in NUMBERS
    }
    reasons = claim.get("reasons") or []
    return {
        **{name: claim[name] for name in FIELDS},
        **numbers,
        "unit": str(claim.get("unit") or ""),
        "seeds": claim.get("seeds"),
        "reasons": [reasons] if isinstance(reasons, str) else [str(reason) for reason in reasons],
    }
