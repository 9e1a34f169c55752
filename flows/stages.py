"""One stage of a study as a flow of its own, to be deployed, scheduled or run from Prefect's page."""

from __future__ import annotations

from prefect import flow

from spikeatlas.flows import analyze as analysis
from spikeatlas.flows import maximize as maximization
from spikeatlas.flows import train as training
from spikeatlas.flows.benchmark.bench import Bench
from spikeatlas.flows.benchmark.race import search_benchmark
from spikeatlas.flows.runners.tally import tallied
from spikeatlas.flows.runners.task_runners import workers
from spikeatlas.flows.start import prepared
from spikeatlas.tasks.atlas import unfinished
from spikeatlas.tasks.study.study import Study


@flow(name="train a study", flow_run_name="train {study.output}")
def train(study: Study) -> None:
    """Train the generator and the network of a study, unless that is done."""
    with prepared(study) as run, workers(study.runner) as runner:
        training.train.with_options(task_runner=runner)(run)


@flow(name="maximize a study", flow_run_name="maximize {study.output} epoch={epoch:g}")
def maximize(study: Study, epoch: float) -> None:
    """Search what the neurons of one epoch want to see; train first what is missing.

    Raises ValueError for an epoch that the study does not probe, RuntimeError for blocks that failed.
    """
    with prepared(study) as run:
        if epoch not in run.epochs:
            known = ", ".join(f"{each:g}" for each in run.epochs)
            raise ValueError(f"epoch {epoch:g} is not probed: the study's probe.epochs has {known}")
        with workers(study.runner) as runner:
            training.train.with_options(task_runner=runner)(run)
            todo = unfinished(run.atlas, run.blocks(epoch))
            with tallied(sum(block.stop - block.start for block in todo)):
                failures = maximization.maximize.with_options(task_runner=runner)(
                    run, epoch, study.runner.timeout
                )
    if failures:
        raise RuntimeError("\n".join(failures))


@flow(name="analyze a study", flow_run_name="analyze {study.output}")
def analyze(study: Study) -> None:
    """Measure what the searches of a study have found so far, and how it changes over training."""
    with prepared(study) as run, workers(study.runner) as runner:
        analysis.analyze.with_options(task_runner=runner)(run)


@flow(name="benchmark", flow_run_name="benchmark {bench.output}", log_prints=True)
def benchmark(bench: Bench) -> None:
    """Race searches, and print the tables to the run's log; goes on where an earlier one stopped."""
    for part in search_benchmark(bench, None, None):
        print(part)
