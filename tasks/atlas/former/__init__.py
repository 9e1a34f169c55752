"""Atlases of schema version 1: read as what they are today, and made so for good."""

from __future__ import annotations

from spikeatlas.tasks.atlas.former.renew import renew
from spikeatlas.tasks.atlas.open import RENEWALS

RENEWALS[1] = renew
