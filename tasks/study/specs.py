"""The sections of a study that are its own: what is probed, searched and measured, and where that runs."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from annotated_types import Ge, Gt, Le
from pydantic import Field
from pydantic.dataclasses import dataclass

from spikeatlas.optim import NormKind
from spikeatlas.snn.device import Device
from spikeatlas.snn.importance import AblationSpec, ImportanceSpec
from spikeatlas.snn.networks import TimeSteps
from spikeatlas.snn.own_code import load_object
from spikeatlas.snn.readings import RATE, Reading, UnitChoice
from spikeatlas.snn.registry import SPEC
from spikeatlas.snn.selectivity import BUILT_IN, Measure
from spikeatlas.snn.showing import ResponderKind
from spikeatlas.tasks.study.latent_space import Grid, Prior, SpaceSpec
from spikeatlas.tasks.study.search_entries import (
    Method,
    SearchEntry,
    SearchMethod,
    Sign,
    entries_of,
)

RunnerKind: TypeAlias = Literal["threads", "processes", "dask"]

MOST_DIVERSE = 64
"""Largest ``search.diverse``."""


Indices = tuple[Annotated[int, Ge(0)], ...]


@dataclass(frozen=True, config=SPEC)
class ProbeSpec:
    """The neurons that are probed, and when."""

    epochs: tuple[Annotated[float, Ge(0)], ...] | Literal["all"] = "all"
    """Training progress of the checkpoints to probe, e.g. [0, 0.5, 1, 5]; ``all``: each there is."""
    layers: tuple[str, ...] | Literal["all"] = "all"
    """Spiking layers by name, e.g. [conv2, fc1]; ``all``: every one."""
    neurons: Annotated[int, Ge(1)] | Indices | dict[str, Indices] | Literal["all"] = "all"
    """``all``; a number: at most that many of each layer, the first ones; a list of indices for every
    layer; or a list for each layer by name."""
    # what came later is left out of a study's JSON at its default: digests of before stay the same
    unit: UnitChoice = Field(default="channel", exclude_if=lambda value: value == "channel")
    """A neuron of a layer with maps: ``channel``, the mean over its map; ``centre``, or a position [y, x], the one
    unit that stands there, as an electrode sees it."""
    reading: Reading = Field(default=RATE, exclude_if=lambda value: value == RATE)
    """The number that its spikes over time become: rate, latency, window, population or difference."""


@dataclass(frozen=True, config=SPEC)
class SearchSpec:
    """The search for each neuron's most exciting image."""

    methods: tuple[Method, ...] = ("screened", "random")
    """Search methods, none for data of sequences alone; each is run for every neuron: a name, {kind: name, options...}, or
    {kind: "module:object", options...} of a Maximizer of your own."""
    options: dict[str, dict[str, Any]] | None = None
    """Options of a method by its name, e.g. {tt: {quantize: false}}."""
    budget: Annotated[int, Ge(1), Le(10_000_000)] = 500
    """Images shown for one neuron, method and repeat (sign both: for either image)."""
    repeats: Annotated[int, Ge(1), Le(10_000)] = 1
    """Independent searches, each with its own seed."""
    repeats_at: dict[float, Annotated[int, Ge(1)]] | None = None
    """Other numbers of them at some epochs, e.g. {1: 5}: how much searches of one epoch differ is what
    changes over training are held against."""
    share: bool = False
    """Whether a neuron may use the responses to images proposed for others of its block."""
    pool: Literal["block", "epoch"] = Field(
        default="block", exclude_if=lambda value: value == "block"
    )
    """Who shares: ``block``: the neurons of a task; ``epoch``: all neurons of an epoch, which one task searches together."""
    allocation: Literal["fixed", "adaptive"] = "fixed"
    """``fixed``: the same budget for every neuron; ``adaptive``: with ``share``, neurons of a block that
    are done give theirs to those that still climb."""
    neurons_per_task: Annotated[int, Ge(1)] | Literal["auto"] = "auto"
    """Neurons that one task searches for together; ``auto``: even blocks of at most 64."""
    presentations: Annotated[int, Ge(1)] = 1
    """Times a stimulus is shown for one response (more than 1 only helps a stochastic coding)."""
    screening_images: Annotated[int, Ge(1), Le(10_000_000)] = 256
    """Stimuli shown once per epoch and repeat, whose responses serve every neuron; a method that learns
    from them pays for all of them out of its budget."""
    screening: Literal["prior", "natural", "both", "textures"] = "prior"
    """What they are: ``prior``: random points of the generator's prior; ``natural``: images of the
    training split through the generator's encoder; ``both``: half of each; ``textures``: of codes, what
    ``screened`` screens with (palettes and tilings, a quarter from the prior)."""
    warm_start: bool = False
    """Whether, after the first epoch, half of the budget starts from the image found at the epoch
    before; the other half searches as if there were none, and both results are kept."""
    diverse: Annotated[int, Ge(0), Le(MOST_DIVERSE)] = 0
    """Further stimuli of each neuron with at least 0.85 of its best response (least exciting ones: at most
    1 / 0.85 of it) that differ as much as possible."""
    sign: Sign = 1
    """1: the most exciting image; -1: the least exciting one; ``both``: either, each with a search of its own."""
    grid: Grid = "quantile"
    """Of Gaussian latents, ``quantile``: 64 levels a coordinate at the prior's quantiles; ``uniform``:
    MANGO's 64 from -4 to 4 in equal steps; ``continuous``: no grid."""
    shell: NormKind = "free"
    """Of continuous ones, ``ball``: no longer than 95 % of the prior's; ``sphere``: no shorter than 5 % of
    them either; ``free``: of any length."""

    prior: Prior = "autoregressive"
    """Of codes, ``autoregressive``: screening and search know which codes are typical beside which;
    ``factorised``: which are at each position; ``uniform``: nothing. Gaussian latents have their own."""
    naturalness: Annotated[float, Ge(0), Le(1)] = 0.0
    """How much typicality counts beside the response (in shares of the neuron's best response to a test
    image): 0 looks for the response alone, 1 for the most typical image."""
    response: Literal["rate", "margin"] = Field(
        default="rate", exclude_if=lambda value: value == "rate"
    )
    """``rate``: the response as it is; ``margin``: of stimuli with equal responses a search prefers the one with more input
    current, of networks that tell it. Stored is the response, and beside it the largest current."""

    @property
    def most_repeats(self) -> int:
        """The largest number of repeats of any epoch."""
        return max(self.repeats, *(self.repeats_at or {}).values(), 1)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of the methods."""
        return tuple(method if isinstance(method, str) else method.kind for method in self.methods)

    @property
    def entries(self) -> tuple[SearchEntry, ...]:
        """Entries of the atlas's search axis: the methods, and after them, with both signs, their least exciting ones."""
        return entries_of(self.labels, self.sign)

    @property
    def signs(self) -> tuple[Literal[1, -1], ...]:
        """The signs that are searched for."""
        return (1, -1) if self.sign == "both" else (self.sign,)

    @property
    def main_sign(self) -> Literal[1, -1]:
        """The sign of what stands for a neuron: with both, the most exciting image."""
        return 1 if self.sign == "both" else self.sign

    def options_of(self, label: str) -> dict[str, Any]:
        """Return the options of a method."""
        options = dict((self.options or {}).get(label, {}))
        for method in self.methods:
            if isinstance(method, SearchMethod) and method.kind == label:
                options |= method.options
        return options

    def method(self, label: str) -> Any:
        """Return what ``optim`` makes a method of: its name, or the user's own object. ValueError where there is none."""
        return load_object(label) if ":" in label else label

    @property
    def space(self) -> SpaceSpec:
        """Latents that may be chosen."""
        return SpaceSpec(self.grid, self.shell, self.prior)


@dataclass(frozen=True, config=SPEC)
class AnalysisSpec:
    """Measurements beside the searches."""

    images: Annotated[int, Ge(1)] = 1000
    """Test images, evenly of every class, whose single responses are kept; all if there are fewer."""
    cross: bool = True
    """Whether the network of every epoch is shown the images found at every other."""
    ablation: tuple[Annotated[float, Ge(0)], ...] = ()
    """Epochs at which the probed neurons are silenced one by one and the accuracy measured again."""
    ablation_images: Annotated[int, Ge(1)] = 1000
    """Test images of that, evenly of every class."""
    position: UnitChoice | None = Field(default=None, exclude_if=lambda value: value is None)
    """Position of the maps, ``centre`` or [y, x], whose one unit's selectivity is measured beside the channel's;
    none if left out."""
    lengths: tuple[TimeSteps, ...] = Field(default=(), exclude_if=lambda value: value == ())
    """Time steps for which stimuli are shown too, beside ``network.time_steps``: what each neuron answers to test images
    and to its MEI by then, of networks that can be shown others than they were trained with."""
    measures: tuple[Measure, ...] = Field(default=(), exclude_if=lambda value: value == ())
    """Measures of selectivity of your own, beside the built-in ones, which are always there."""
    importance: tuple[ImportanceSpec, ...] = Field(default=(), exclude_if=lambda value: value == ())
    """Measures of importance beside ``ablation`` (naa, magnitude, rate, or your own), at the epochs and on the images of that."""
    life: bool = Field(default=False, exclude_if=lambda value: value is False)
    """Whether neurons that no natural image drives are certified dead, or searched for what drives them, at each epoch."""

    @property
    def further_measures(self) -> tuple[Measure, ...]:
        """Measures that are not built in."""
        return tuple(measure for measure in self.measures if measure not in BUILT_IN)

    @property
    def further_importance(self) -> tuple[ImportanceSpec, ...]:
        """Measures of importance beside the ablation, which is always there."""
        return tuple(spec for spec in self.importance if not isinstance(spec, AblationSpec))


@dataclass(frozen=True, config=SPEC)
class ResponderSpec:
    """The computation of responses."""

    kind: ResponderKind = "auto"
    """``auto``: each layer in the fastest exact way; ``plain``: the network's own loop over time; ``fast``: graphs in
    any order of sums, where a spike within rounding of its threshold may fall on the other side."""
    batch_size: Annotated[int, Ge(1), Le(65536)] = 256
    """Stimuli shown together; smaller batches are padded, for another size changes a few spikes."""
    memory: Annotated[int, Ge(2**20)] = 2**30
    """Bytes that the working arrays of one responder may take."""
    device: Device = Field(default="cpu", exclude_if=lambda value: value == "cpu")
    """``cpu``, the reference, or ``cuda``: networks in the plainest way, and the generator, on a GPU, whose sums are
    of another order: a few spikes differ."""


@dataclass(frozen=True, config=SPEC)
class RunnerSpec:
    """The machines and processes of the work; they never change a value."""

    kind: Literal["auto"] | RunnerKind = "auto"
    """``threads`` of one process; ``processes`` of this machine; ``dask``: workers of a Dask cluster; ``auto``:
    processes where there is enough to search for, threads elsewhere."""
    workers: Annotated[int, Ge(1)] | Literal["auto"] = "auto"
    """Tasks at the same time, ``auto``: one for each core; a cluster at an address has as many workers as it has."""
    address: str | None = None
    """Of a running Dask scheduler, e.g. tcp://10.0.0.1:8786; left out, a cluster is started here."""
    timeout: Annotated[float, Gt(0)] | None = None
    """Seconds after which the search of a block counts as stuck and is tried again, on Dask by another
    process; left out, it may take as long as it takes."""


@dataclass(frozen=True, config=SPEC)
class WatchSpec:
    """A network whose training goes on while it is looked at."""

    max_epochs: Annotated[int, Ge(0), Le(100_000)]
    """Last whole epoch that is expected: the atlas keeps a place for each from 0 on, so that it need not
    grow under its readers. Others, such as 0.5, or later ones, are added when they come."""
