"""Plans: the exact way that computes each layer, for a network and the neurons asked for.

Chosen by predicted cost alone, so the same network and neurons always give the same plan.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator, Sequence

from spikeatlas.snn.responder.signals import Pixels
from spikeatlas.snn.responder.sites import Feed, Site
from spikeatlas.snn.responder.ways import WAYS, LayerPlan

Option = tuple[LayerPlan, ...]


@dataclasses.dataclass(frozen=True)
class Plan:
    """Ways of all layers down to the deepest asked for."""

    layers: tuple[LayerPlan, ...]
    """Empty if the plain loop is used."""
    lines: tuple[str, ...]
    """Choice and reason, a line a layer."""

    @property
    def cost(self) -> float:
        """Predicted nanoseconds for one image on one core."""
        return sum(layer.cost for layer in self.layers)

    def describe(self) -> list[str]:
        """Say each layer's choice and reason in a line."""
        return list(self.lines)


def plain_plan() -> Plan:
    """Return the plan that leaves everything to the plain loop."""
    return Plan((), ("all layers: plain loop; kind is 'plain'",))


def make_plan(sites: Sequence[Site], feed: Feed, ways: Collection[str] = WAYS) -> Plan:
    """Choose the cheapest exact way for each layer; ``feed``: what the first one gets.

    ``ways``: those to choose from, "steps" and "frames" among them, or nothing may be possible.
    """
    plans: list[LayerPlan] = []
    lines: list[str] = []
    while len(plans) < len(sites):
        behind = sites[len(plans) :]
        options = list(_options(behind, feed, ways))
        best = min(options, key=_total)
        for site, plan in zip(behind, best, strict=False):
            feed = WAYS[plan.way].gives(site, plan)
        lines += _lines(behind, options, best)
        plans += best
    return Plan(tuple(plans), tuple(lines))


def _total(option: Option) -> float:
    return sum(layer.cost for layer in option)


def _options(sites: Sequence[Site], feed: Feed, ways: Collection[str]) -> Iterator[Option]:
    """Plans for the first of the layers; under constant current, for the first two together."""
    site = sites[0]
    for name, way in WAYS.items():
        if name not in ways or way.fits(site, feed):
            continue
        for plan in way.options(site, feed):
            if site.last or feed.signal is not Pixels:
                yield (plan,)
                continue
            for option in _options(sites[1:], way.gives(site, plan), ways):
                yield (plan, *option)


def _lines(sites: Sequence[Site], options: Sequence[Option], best: Option) -> Iterator[str]:
    """Describe a choice, with what the next best other way would have cost."""
    ways = tuple(layer.way for layer in best)
    rest = [option for option in options if tuple(layer.way for layer in option) != ways]
    others = ""
    if rest:
        second = min(rest, key=_total)
        names = " and ".join(layer.way for layer in second)
        others = f" (by {names}: {_time(_total(second))})"
    for site, plan in zip(sites, best, strict=False):
        yield _line(site, plan) + (others if plan is best[-1] else "")


def _line(site: Site, plan: LayerPlan) -> str:
    """Say the choice and the reason for one layer."""
    filters = site.shape.filters
    some = "" if len(plan.neurons) == filters else f" ({len(plan.neurons)} of {filters} filters)"
    note = f"; {plan.note}" if plan.note else ""
    return f"{plan.layer}: {WAYS[plan.way].title}{some}{note}; {_time(plan.cost)} an image"


def _time(nanoseconds: float) -> str:
    """Predicted time, in a unit that fits."""
    for unit, size in (("s", 1e9), ("ms", 1e6)):
        if nanoseconds >= size:
            return f"about {nanoseconds / size:.1f} {unit}"
    return f"about {nanoseconds / 1e3:.0f} us"
