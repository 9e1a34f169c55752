"""Priors of codes: how likely a row of codes is to come from an image, and rows that are typical."""

from __future__ import annotations

from snn.priors.code_prior import CodePrior, load_prior
from snn.priors.training import EpochRecord, train_prior

__all__ = ["CodePrior", "EpochRecord", "load_prior", "train_prior"]
