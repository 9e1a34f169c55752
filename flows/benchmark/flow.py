"""The benchmark of searches as a flow, to be deployed, scheduled or run from Prefect's page."""

from __future__ import annotations

from prefect import flow

from spikeatlas.flows.benchmark.racing.bench import Bench
from spikeatlas.flows.benchmark.racing.race import search_benchmark


@flow(name="benchmark", flow_run_name="benchmark {bench.output}", log_prints=True)
def benchmark_flow(bench: Bench) -> None:
    """Race searches, and print the tables to the run's log; goes on where an earlier one stopped."""
    for part in search_benchmark(bench, None, None):
        print(part)
