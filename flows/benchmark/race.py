"""The benchmark of the searches: plan it, run what is not done yet, print what came out.

The coordinator alone writes the dataset; worker processes run whole cells and hand their arrays back.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from spikeatlas.flows.benchmark.bench import Bench
from spikeatlas.flows.benchmark.checks import check
from spikeatlas.snn.classifier import load_classifier
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.generators import GeneratorSpec, digest_generator, open_generator
from spikeatlas.snn.networks import SpikingNetwork, build_network, layer_sizes, pixel_statistics
from spikeatlas.snn.training import epoch_path, load_network
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.benchmark import natural_codes, prepare, results_store
from spikeatlas.tasks.benchmark.cells import MAIN, NATURAL, Cell, Setting
from spikeatlas.tasks.benchmark.forecast import Costs, calibrate, forecast
from spikeatlas.tasks.benchmark.naturalness_figure import draw as draw_front
from spikeatlas.tasks.benchmark.naturalness_figure import draw_stimuli
from spikeatlas.tasks.benchmark.naturalness_race import Eye
from spikeatlas.tasks.benchmark.naturalness_race import collect as collect_naturalness
from spikeatlas.tasks.benchmark.naturalness_race import table as naturalness_table
from spikeatlas.tasks.benchmark.race_figures import draw as draw_figure
from spikeatlas.tasks.benchmark.results import collect
from spikeatlas.tasks.benchmark.search import run_cell
from spikeatlas.tasks.benchmark.table import method_table, target_table
from spikeatlas.tasks.benchmark.targets import method_lines, target_rows
from spikeatlas.tasks.benchmark.workers import worker_processes
from spikeatlas.tasks.study.digests import json_values
from spikeatlas.tasks.study.study import StudyError
from spikeatlas.tasks.workers import models

log = logging.getLogger("spikeatlas")

Drawn = dict[tuple[int, str], tuple[int, ...]]


def search_benchmark(bench: Bench, only: str | None, figure: Path | None) -> Iterator[str]:
    """Check the benchmark, run it, and yield what to print; ``only``: ``plan`` or ``table`` alone."""
    check(bench)
    if only == "plan":
        yield plan(bench)[0]
        return
    if only is None:
        yield from run(bench)
    yield from report(bench, figure)


def report(bench: Bench, figure: Path | None) -> Iterator[str]:
    """The table from what is done, naming what is missing, and the figure."""
    results_store.existing(bench.store)
    if not all(results_store.done(bench.store, name) for name in _observed_names(bench)):
        message = f"{bench.store} holds no results yet: run the benchmark first"
        raise StudyError([message])
    untrained = [seed for seed in bench.training_seeds if not is_trained(bench, seed)]
    if untrained:
        message = f"training_seeds: the networks of {untrained} are not trained with these fields yet: run the benchmark first"
        raise StudyError([message])
    setting = make_setting(bench)
    cells = bench.matrix.cells(draw(bench))
    missing = {cell.name for cell in undone(setting, cells)}
    finished = [cell for cell in cells if cell.name not in missing]
    if not any(cell.group == MAIN for cell in finished):
        message = f"{bench.store} holds no finished search of this benchmark: run it first"
        raise StudyError([message])
    results = collect(bench.store, finished, bench.budget)
    yield f"dataset: {bench.store}"
    yield target_table(target_rows(results))
    yield method_table(method_lines(results))
    if missing:
        yield f"missing {len(missing)} of {len(cells)} cells: {', '.join(sorted(missing))}"
    for path in (bench.output / "search.png", *([figure] if figure else ())):
        draw_figure(results, list(bench.layers), path)
        yield f"figure: {path}"
    yield from _naturalness(bench, setting, finished)


def _naturalness(bench: Bench, setting: Setting, cells: list[Cell]) -> Iterator[str]:
    """How natural the stimuli are, where there is a classifier to tell."""
    if bench.classifier is None:
        return
    eye = Eye(setting, load_classifier(bench.classifier_file))
    found = list(collect_naturalness(eye, bench.store, sorted(cells, key=_order(bench))))
    yield naturalness_table(found)
    draw_front(found, bench.output / "naturalness.png")
    draw_stimuli(found, bench.output / "stimuli.png")
    yield f"figures: {bench.output / 'naturalness.png'}, {bench.output / 'stimuli.png'}"


def _order(bench: Bench) -> Callable[[Cell], int]:
    """Methods as the file names them, the guide and others last."""
    place = {each.title: number for number, each in enumerate(bench.methods)}
    return lambda cell: place.get(cell.label, len(place))


def plan(bench: Bench) -> tuple[str, Costs | None]:
    """The cells, and the time that those not done will take, from a short calibration.

    Its costs too, but where a generator must be trained first.
    """
    models.one_thread()
    data = models.dataset(bench.data)
    trained = [seed for seed in bench.training_seeds if is_trained(bench, seed)]
    ready = len(trained) == len(bench.training_seeds) and bench.generator_file.exists()
    cells = left = bench.matrix.cells(_placeholders(bench, data))
    if ready:
        setting = make_setting(bench)
        if all(results_store.done(bench.store, name) for name in _observed_names(bench)):
            cells = bench.matrix.cells(draw(bench))
        left = undone(setting, cells)
    if not bench.generator_file.exists():
        images = sum(cell.images for cell in cells)
        told = f"{len(cells)} cells, {images:,} images; the generator is trained first, then the time is predicted"
        return told, None
    net = _any_network(bench, data, trained)
    costs = calibrate(
        open_generator(bench.generator, bench.generator_file),
        net,
        bench.responder.batch_size,
        cells,
    )
    told = "" if ready else "\nthe networks are trained first, which is not counted here"
    return forecast(costs, cells, left, bench.workers) + told, costs


def _placeholders(bench: Bench, data: DataSet) -> Drawn:
    """Some neurons, where it is not known yet which respond: their number is what costs."""
    sizes = layer_sizes(bench.network, len(data.classes))
    return {
        (seed, layer): tuple(range(sizes[layer]))
        for seed in bench.training_seeds
        for layer in bench.layers
    }


def _any_network(bench: Bench, data: DataSet, trained: list[int]) -> SpikingNetwork:
    """A network to time: trained where there is one."""
    if trained:
        seed = trained[0]
        return load_network(_checkpoint(bench, seed), bench.network, data.shape, len(data.classes))
    mean, std = pixel_statistics(data.train.images)
    return build_network(
        bench.network, input_shape=data.shape, classes=len(data.classes), mean=mean, std=std, seed=0
    ).eval()


def run(bench: Bench) -> Generator[str, None, None]:
    """Run what is not done; yields what to print. Stopped anywhere, the next run goes on."""
    with coordinator(bench.output), worker_processes(bench.workers) as pool:
        if not bench.generator_file.exists():
            yield "training the generator"
            key = (bench.generator, bench.data, bench.generator_file, bench.seed)
            pool.submit(prepare.train_generator, *key).result()
        yield from _train_judges(bench, pool)
        told, costs = plan(bench)
        yield told
        yield from _train(bench, pool)
        setting = make_setting(bench)
        yield from _observe(bench, setting, pool)
        drawn = draw(bench)
        cells = bench.matrix.cells(drawn)
        results_store.note(bench.store, {
            "benchmark": bench.model_dump_json(by_alias=True),
            "layers": list(bench.layers),
        })  # fmt: skip
        left = undone(setting, cells)
        if costs is not None:
            left.sort(key=costs.of, reverse=True)  # the dearest first: workers finish together
        yield from _run_cells(bench, setting, left, pool)


def _train_judges(bench: Bench, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Make what tells how natural stimuli are, where that is asked for and not there."""
    if bench.prior_file is not None and not bench.prior_file.exists():
        yield "learning the prior of the codes"
        held = _held(bench)
        pool.submit(prepare.train_prior, held, bench.data, bench.prior_file, bench.seed).result()
    if bench.classifier is not None and not bench.classifier_file.exists():
        yield "training the classifier"
        key = (bench.classifier, bench.data, bench.classifier_file, bench.seed)
        pool.submit(prepare.train_classifier, *key).result()


def _held(bench: Bench) -> tuple[GeneratorSpec, Path, str]:
    """The generator's specification, file and digest."""
    digest = digest_generator(bench.generator, bench.generator_file)
    return bench.generator, bench.generator_file, digest


def _train(bench: Bench, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Train the networks that are not there yet, or that other fields or images made."""
    about = (bench.network, bench.training, bench.data)
    waiting = {
        seed: pool.submit(prepare.train, *about, bench.folder(seed), seed, bench.epoch)
        for seed in bench.training_seeds
        if not is_trained(bench, seed)
    }
    for seed, future in waiting.items():
        future.result()
        yield f"the network of training seed {seed} is trained"


def _observe(bench: Bench, setting: Setting, pool: ProcessPoolExecutor) -> Iterator[str]:
    """Show natural images to the networks, and encode those that a method may know."""
    data, count = bench.data, bench.natural
    test = models.dataset(data).digest()
    waiting: dict[Future[dict[str, natural_codes.Arrays]], int] = {}
    for seed in bench.training_seeds:
        key = prepare.observed_digest(setting, seed, count, test)
        names = [natural_codes.observed_name(seed, layer) for layer in bench.layers]
        if not all(results_store.done(bench.store, name, key) for name in names):
            future = pool.submit(prepare.observe, setting, data, count, seed, bench.layers)
            waiting[future] = seed
    key = prepare.pool_digest(setting)
    needed = any(method.knowledge == NATURAL for method in bench.methods)
    encoding = None
    if needed and not results_store.done(bench.store, results_store.POOL, key):
        encoding = pool.submit(prepare.encode, setting, data)
    for future in as_completed(waiting):
        seed = waiting[future]
        for layer, arrays in future.result().items():
            said = {"training_seed": seed, "layer": layer}
            name = natural_codes.observed_name(seed, layer)
            results_store.write(
                bench.store, name, arrays, said, prepare.observed_digest(setting, seed, count, test)
            )
    if encoding:
        results_store.write(bench.store, results_store.POOL, encoding.result(), {}, key)
    for seed in bench.training_seeds:
        for layer in bench.layers:
            yield _counted(bench, seed, layer)


def _counted(bench: Bench, seed: int, layer: str) -> str:
    found = results_store.arrays(bench.store, natural_codes.observed_name(seed, layer))
    able = natural_codes.draw(found, (0,))
    return (
        f"seed {seed} {layer}: {len(found['active'])} neurons, {int(natural_codes.silent(found).sum())} silent, "
        f"{int(natural_codes.saturated(found).sum())} saturated, {len(able)} respond to at least 1 % of test images"
    )


def draw(bench: Bench) -> Drawn:
    """The neurons to search for; StudyError where fewer respond than asked for."""
    drawn = prepare.drawn(bench.store, bench.seed, bench.training_seeds, bench.layers)
    problems = [
        f"{'neurons' if group == MAIN else 'sharing.neurons'}: {count} are asked for, but layer {layer} of "
        f"the network of training seed {seed} has {len(drawn[seed, layer])} that respond to at least 1 % of "
        "natural test images; ask for fewer"
        for seed, layer, group, count in bench.matrix.groups()
        if len(drawn[seed, layer]) < count
    ]
    if problems:
        raise StudyError(problems)
    return drawn


def _run_cells(
    bench: Bench, setting: Setting, cells: list[Cell], pool: ProcessPoolExecutor
) -> Iterator[str]:
    """Run cells and store each as it ends; a RuntimeError names those that failed, once all are done."""
    began = time.perf_counter()
    waiting = {pool.submit(run_cell, setting, cell): cell for cell in cells}
    total, finished = sum(cell.images for cell in cells), 0
    failed = []
    for number, future in enumerate(as_completed(waiting), 1):
        cell = waiting[future]
        finished += cell.images
        told = f"{number}/{len(cells)} {cell.name}"
        try:
            arrays = future.result()
        except (BrokenProcessPool, InterruptedError):
            raise
        except Exception as error:  # noqa: BLE001 - the other cells go on
            failed.append(f"{cell.name} failed: {type(error).__name__}: {error}")
            yield f"{told}: failed"
            continue
        results_store.write(
            bench.store, f"cells/{cell.name}", arrays, _said(cell), cell.digest(setting)
        )
        spent = time.perf_counter() - began
        yield (
            f"{told}: mean response {arrays['response'].mean():.3f}; "
            f"{spent / 60:.1f} min, about {spent * (total / finished - 1) / 60:.0f} min left"
        )
    if failed:
        raise RuntimeError("\n".join(failed))


def _said(cell: Cell) -> dict[str, object]:
    """A cell's description, as attributes of its group."""
    said = {name: value for name, value in vars(cell).items() if name != "neurons"}
    return results_store.described(
        {**said, "share": int(cell.share), "space": json_values(cell.space)}
    )


def make_setting(bench: Bench) -> Setting:
    """What all cells have in common, once networks and generator are there."""
    data = models.dataset(bench.data)
    paths = {seed: _checkpoint(bench, seed) for seed in bench.training_seeds}
    return Setting(
        network=bench.network,
        shape=data.shape,
        classes=len(data.classes),
        checkpoints={seed: (path, digest_file(path)) for seed, path in paths.items()},
        generator=_held(bench),
        prior=bench.prior_file,
        data=bench.data,
        images=prepare.images_digest(bench.data),
        store=bench.store,
        batch_size=bench.responder.batch_size,
        kind=bench.responder.kind,
        memory=bench.responder.memory,
        seed=bench.seed,
    )


def undone(setting: Setting, cells: Iterable[Cell]) -> list[Cell]:
    """The cells without a result, or with one made from other values."""
    return [
        cell
        for cell in cells
        if not results_store.done(setting.store, f"cells/{cell.name}", cell.digest(setting))
    ]


def is_trained(bench: Bench, seed: int) -> bool:
    """Whether a network is there, made by these fields from these images."""
    key = prepare.network_key(bench.network, bench.training, bench.data, seed)
    return prepare.is_trained(_checkpoint(bench, seed), key)


def _checkpoint(bench: Bench, seed: int) -> Path:
    return epoch_path(bench.folder(seed), bench.epoch)


def _observed_names(bench: Bench) -> list[str]:
    return [
        natural_codes.observed_name(seed, layer)
        for seed in bench.training_seeds
        for layer in bench.layers
    ]
