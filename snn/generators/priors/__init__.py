"""Priors of codes: how likely a row of codes is to come from an image, and rows that are typical."""

from __future__ import annotations

from spikeatlas.snn.generators.priors.code_prior import CodePrior, load_prior
from spikeatlas.snn.generators.priors.prior_training import PriorRecord, train_prior

__all__ = ["CodePrior", "PriorRecord", "load_prior", "train_prior"]
