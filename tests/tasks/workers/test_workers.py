"""The worker process: the models it keeps, its one thread, and the requests it obeys."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from spikeatlas.flows.checks.study_checks import Checked
from spikeatlas.tasks.workers import models, stopping
from spikeatlas.tasks.workers.opaque import Opaque
from spikeatlas.tasks.workers.process import one_thread, worker_processes


def threads_and_process() -> tuple[int, int]:
    return torch.get_num_threads(), os.getpid()


def check_stop() -> None:
    stopping.check_stop()


def test_a_model_is_loaded_once(made: Checked) -> None:
    assert models.generator(made.run) is models.generator(made.run)
    assert models.subject(made.run, 2.0)[0] is models.subject(made.run, 2.0)[0]
    assert models.subject(made.run, 2.0)[0] is not models.subject(made.run, 0.0)[0]


def test_a_run_and_its_files_load_the_same(made: Checked) -> None:
    source = models.generator_source(made.run)
    assert models.generator_at(source) is models.generator(made.run)
    points = models.natural_points_at(source, made.run.data, made.run.responder.batch_size)
    assert np.array_equal(points, models.natural_points(made.run))


def test_a_responder_of_all_neurons_answers_as_one_of_some(made: Checked) -> None:
    images = models.dataset(made.run.data).test.images[:5]
    every, some = (
        models.responder(made.run, 2.0, "observe", {"conv2": neurons})(images)["conv2"]
        for neurons in ((0, 1, 2, 3, 4, 5), (1, 4))
    )
    np.testing.assert_array_equal(some, every[:, [1, 4]])


@pytest.mark.parametrize(("purpose", "count"), [("search", 2), ("elite", 8), ("report", 8)])
def test_measurements_that_count_show_a_noisy_stimulus_more_often(
    made: Checked, purpose: str, count: int
) -> None:
    search = replace(made.run.search, presentations=2)
    noisy = replace(made.run, stochastic=True).with_fields(search=search)
    assert models.presentations(noisy, purpose) == count
    assert models.presentations(made.run.with_fields(search=search), purpose) == 2


def test_prefect_sees_nothing_of_an_opaque_run(made: Checked) -> None:
    opaque = Opaque(made.run)
    assert opaque.run is made.run
    assert not hasattr(opaque, "__dict__")
    assert str(made.run.folder) in repr(opaque)


def test_one_thread() -> None:
    torch.set_num_threads(2)
    one_thread()
    assert torch.get_num_threads() == 1


def test_work_stops_when_asked_until_it_may_carry_on() -> None:
    stopping.ask_to_stop()
    try:
        assert stopping.stop_asked()
        with pytest.raises(InterruptedError, match="run the same command again"):
            stopping.check_stop()
    finally:
        stopping.carry_on()
    stopping.check_stop()


def test_a_pool_s_processes_have_one_thread_and_no_request_to_stop() -> None:
    with worker_processes(1) as pool:
        threads, process = pool.submit(threads_and_process).result()
        assert pool.submit(check_stop).result() is None
    assert threads == 1
    assert process != os.getpid()
