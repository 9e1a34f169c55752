"""Attacks on the features of one layer, by the decision's attribution to them (Zhang et al. 2022)."""

from __future__ import annotations

from spikeatlas.snn.robustness.attribution_attacks.naa_attack import NaaAttack
from spikeatlas.snn.robustness.attribution_attacks.naa_transfer import NaaTransfer

__all__ = ["NaaAttack", "NaaTransfer"]
