"""The race of the searches: plan it, run what is not done yet, print what came out.

The coordinator alone writes the dataset; worker processes run whole cells and hand their arrays back.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.flows.benchmark.racing.checks import check
from spikeatlas.flows.benchmark.racing.preparation import (
    NeuronsByLayer,
    checkpoint,
    draw_neurons,
    is_observed,
    is_trained,
    make_setting,
    observe,
    train_generator,
    train_judges,
    train_networks,
    untrained,
)
from spikeatlas.flows.benchmark.racing.race_pieces import (
    keep_pieces,
    of_unfinished_networks,
    without_piece,
)
from spikeatlas.flows.benchmark.racing.race_report import report, report_pieces, undone
from spikeatlas.flows.runners.failures import working
from spikeatlas.snn.atomic import require_picture
from spikeatlas.snn.data import DataSet
from spikeatlas.snn.generators import open_generator
from spikeatlas.snn.networks import SpikingNetwork, layer_sizes
from spikeatlas.snn.subjects import ChainSubject
from spikeatlas.snn.training import load_network
from spikeatlas.tasks.atlas import coordinator
from spikeatlas.tasks.benchmark import results_store
from spikeatlas.tasks.benchmark.cells import Cell, Setting
from spikeatlas.tasks.benchmark.forecast import Costs, calibrate, forecast
from spikeatlas.tasks.benchmark.run_cell import run_cell
from spikeatlas.tasks.study.digests import json_values
from spikeatlas.tasks.workers import models
from spikeatlas.tasks.workers.process import one_thread, worker_processes


def search_benchmark(bench: Bench, only: str | None, figure: Path | None) -> Iterator[str]:
    """Check the benchmark, run it, and yield what to print; ``only``: ``plan`` or ``table`` alone."""
    if figure is not None:
        require_picture(figure)
    if only == "table" and bench.results is not None:
        yield from report_pieces(bench, figure)
        return
    check(bench)
    if only == "plan":
        yield plan(bench)[0]
        return
    if only is None:
        rest = of_unfinished_networks(bench)
        if rest.training_seeds:
            yield from run(rest)
    if bench.results is not None:
        yield from report_pieces(bench, figure)
    else:
        yield from report(bench, figure)


def plan(bench: Bench) -> tuple[str, Costs | None]:
    """Return the cells, and the time that those not done will take, from a short calibration.

    Its costs too, but where a generator must be trained first.
    """
    one_thread()
    data = models.dataset(bench.data)
    trained = [seed for seed in bench.training_seeds if is_trained(bench, seed)]
    ready = len(trained) == len(bench.training_seeds) and bench.generator_file.exists()
    cells = rest = bench.matrix.cells(_placeholders(bench, data))
    if ready:
        if is_observed(bench):
            cells = bench.matrix.cells(draw_neurons(bench))
        rest = undone(make_setting(bench), cells)
    if not bench.generator_file.exists():
        images = sum(cell.images for cell in cells)
        text = f"{len(cells)} cells, {images:,} images; the generator is trained first, then the time is predicted"
        return text, None
    model = open_generator(bench.generator, bench.generator_file)
    costs = calibrate(model, _any_network(bench, data, trained), bench.responder, cells)
    note = "" if ready else "\nthe networks are trained first, which is not counted here"
    return forecast(costs, cells, rest, bench.workers) + note, costs


def _placeholders(bench: Bench, data: DataSet) -> NeuronsByLayer:
    """Return some neurons, where it is not known yet which respond: their number is what costs."""
    sizes = layer_sizes(bench.network, len(data.classes))
    return {
        (seed, layer): tuple(range(sizes[layer]))
        for seed in bench.training_seeds
        for layer in bench.layers
    }


def _any_network(bench: Bench, data: DataSet, trained: list[int]) -> ChainSubject:
    """Return a network to time: trained where there is one."""
    if trained:
        path = checkpoint(bench, trained[0])
        network = load_network(path, bench.network, data.shape, len(data.classes))
        assert isinstance(network, SpikingNetwork)
        return ChainSubject(network)
    return untrained(bench)


def run(bench: Bench) -> Generator[str, None, None]:
    """Run what is not done; yields what to print. Stopped anywhere, the next run goes on."""
    with coordinator(bench.output), worker_processes(bench.workers) as pool, working():
        yield from train_generator(bench, pool)
        yield from train_judges(bench, pool)
        text, costs = plan(bench)
        yield text
        yield from train_networks(bench, pool)
        setting = make_setting(bench)
        yield from observe(bench, setting, pool)
        cells = bench.matrix.cells(draw_neurons(bench))
        results_store.note(
            bench.store,
            {
                "benchmark": bench.model_dump_json(by_alias=True),
                "layers": list(bench.layers),
            },
        )
        keep_pieces(bench, setting, cells)
        rest = without_piece(bench, setting, undone(setting, cells))
        if costs is not None:
            rest.sort(key=costs.of, reverse=True)  # the dearest first: workers finish together
        yield from _run_cells(bench, setting, rest, pool)


def _run_cells(
    bench: Bench, setting: Setting, cells: list[Cell], pool: ProcessPoolExecutor
) -> Iterator[str]:
    """Run cells and store each as it ends; a RuntimeError names those that failed, once all are done."""
    began = time.perf_counter()
    futures = {pool.submit(run_cell, setting, cell): cell for cell in cells}
    total, finished = sum(cell.images for cell in cells), 0
    failures = []
    for number, future in enumerate(as_completed(futures), 1):
        cell = futures[future]
        finished += cell.images
        progress = f"{number}/{len(cells)} {cell.name}"
        try:
            arrays = future.result()
        except (BrokenProcessPool, InterruptedError):
            raise
        except Exception as error:  # noqa: BLE001 - the other cells go on
            failures.append(f"{cell.name} failed: {type(error).__name__}: {error}")
            yield f"{progress}: failed"
            continue
        results_store.write(
            bench.store, f"cells/{cell.name}", arrays, _attributes(cell), cell.digest(setting)
        )
        keep_pieces(bench, setting, [cell])
        spent = time.perf_counter() - began
        yield (
            f"{progress}: mean response {arrays['response'].mean():.3f}; "
            f"{spent / 60:.1f} min, about {spent * (total / finished - 1) / 60:.0f} min left"
        )
    if failures:
        raise RuntimeError("\n".join(failures))


def _attributes(cell: Cell) -> dict[str, object]:
    """Return a cell's description, as attributes of its group."""
    fields = {name: value for name, value in vars(cell).items() if name != "neurons"}
    fields |= {"share": int(cell.share), "space": json_values(cell.space)}
    return results_store.json_attributes(fields)
