"""One stage of a study as a flow of its own, to be deployed, scheduled or run from Prefect's page."""

from __future__ import annotations

from prefect import flow

from flows import analyze as analysis
from flows import maximize as maximization
from flows import train as training
from flows.bench import Bench
from flows.prepared import prepared
from flows.runners import workers
from flows.search_benchmark import search_benchmark
from flows.study import Study
from flows.tally import tallied
from tasks.atlas import unfinished


@flow(name="train a study", flow_run_name="train {study.output}")
def train(study: Study) -> None:
    """Train the generator and the network of a study, unless that is done."""
    with prepared(study) as job, workers(study.runner) as runner:
        training.train.with_options(task_runner=runner)(job)


@flow(name="maximize a study", flow_run_name="maximize {study.output} epoch={epoch:g}")
def maximize(study: Study, epoch: float) -> None:
    """Search what the neurons of one epoch want to see; train first what is missing.

    Raises ValueError for an epoch that the study does not probe, RuntimeError for blocks that failed.
    """
    with prepared(study) as job:
        if epoch not in job.epochs:
            known = ", ".join(f"{each:g}" for each in job.epochs)
            raise ValueError(f"epoch {epoch:g} is not probed: the study's probe.epochs has {known}")
        with workers(study.runner) as runner:
            training.train.with_options(task_runner=runner)(job)
            todo = unfinished(job.atlas, job.blocks(epoch))
            with tallied(sum(block.stop - block.start for block in todo)):
                failures = maximization.maximize.with_options(task_runner=runner)(
                    job, epoch, study.runner.timeout
                )
    if failures:
        raise RuntimeError("\n".join(failures))


@flow(name="analyze a study", flow_run_name="analyze {study.output}")
def analyze(study: Study) -> None:
    """Measure what the searches of a study have found so far, and how it changes over training."""
    with prepared(study) as job, workers(study.runner) as runner:
        analysis.analyze.with_options(task_runner=runner)(job)


@flow(name="benchmark", flow_run_name="benchmark {bench.output}", log_prints=True)
def benchmark(bench: Bench) -> None:
    """Race searches, and print the tables to the run's log; goes on where an earlier one stopped."""
    for part in search_benchmark(bench, None, None):
        print(part)
