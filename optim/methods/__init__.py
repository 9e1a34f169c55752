"""Search methods: a file (or a folder) each, one table."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from spikeatlas.optim.base import Maximizer, Method
from spikeatlas.optim.methods.ga import GeneticSearch
from spikeatlas.optim.methods.nevergrad import NevergradDiscrete, NevergradPortfolio
from spikeatlas.optim.methods.pool import PoolSearch
from spikeatlas.optim.methods.pycma import PyCMA
from spikeatlas.optim.methods.random import RandomSearch
from spikeatlas.optim.methods.screened import ScreenedSearch
from spikeatlas.optim.methods.sep_cma import SeparableCMA
from spikeatlas.optim.methods.sphere_cma import SphereCMA
from spikeatlas.optim.methods.tt import TensorTrain, TTOptions
from spikeatlas.optim.methods.ttopt import CrossSearch
from spikeatlas.optim.methods.twin import TwinSearch

METHODS: Mapping[str, type[Maximizer] | Method] = MappingProxyType(
    {
        "screened": ScreenedSearch,
        "twin": TwinSearch,
        "random": RandomSearch,
        # MANGO's presets
        "tt": TensorTrain,
        "tt-s": Method(TensorTrain, TTOptions(batch=5)),
        "tt-b": Method(TensorTrain, TTOptions(batch=25, elites=5)),
        "tt-exp": Method(TensorTrain, TTOptions(batch=100, elites=10, lr=0.1)),
        "pool": PoolSearch,
        "ttopt": CrossSearch,
        "ga": GeneticSearch,
        "sep-cma": SeparableCMA,
        "sphere-cma": SphereCMA,
        # of the extra `baselines`: listed always, ValueError where the library is missing
        "cma": PyCMA,
        "nevergrad-portfolio": NevergradPortfolio,
        "nevergrad-discrete": NevergradDiscrete,
    }
)
"""Every built-in method by the name that a study gives it: its class, or a preset of it."""

__all__ = ["METHODS"]
