"""Priors of codes: how likely a row of codes is to come from an image, and rows that are typical."""

from __future__ import annotations

from spikeatlas.snn.generators.priors.code_prior import CodePrior, PriorKind, load_prior
from spikeatlas.snn.generators.priors.prior_training import PriorRecord, train_prior

__all__ = ["CodePrior", "PriorKind", "PriorRecord", "load_prior", "train_prior"]
