"""What the deployment file promises is there, fits its flow, and can be registered."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect import Flow
from prefect.events.schemas.automations import AutomationCore
from prefect.flows import load_flow_from_entrypoint

from spikeatlas.flows.atlas import atlas_study_flow
from spikeatlas.flows.deploy import FILE, POOL, deploy, senseless
from spikeatlas.flows.runners.health import ServerError
from tests.flows.conftest import ROOT, Cli

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / FILE).read_text())["deployments"]
NAMES = [each["name"] for each in DEPLOYMENTS]
HEARTBEAT = {"PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_every_entry_fits_its_flow(
    deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    loaded: Flow[Any, Any] = load_flow_from_entrypoint(deployment["entrypoint"])
    found = loaded.validate_parameters(deployment["parameters"])
    assert set(found) >= set(deployment["parameters"])
    assert deployment["description"]
    assert loaded.description
    assert deployment["work_pool"]["name"] == POOL
    schema = loaded.parameters
    assert set(deployment["parameters"]) <= set(schema.properties)


def test_what_a_worker_starts_has_one_thread_a_worker() -> None:
    """As Prefect's own process loads a flow: nothing of the command line has run."""
    code = "from spikeatlas.flows.atlas import atlas_study_flow; import torch; print(torch.get_num_threads())"
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )  # fmt: skip

    assert done.stdout == "1\n"


def test_containers_run_what_is_there() -> None:
    folder = ROOT / "deployments"
    documents = list(yaml.safe_load_all((folder / "kubernetes.yaml").read_text()))
    pods = [each["spec"]["template"]["spec"] for each in documents if each["kind"] == "Deployment"]
    assert {pod["containers"][0]["image"] for pod in pods} == {"spikeatlas"}
    service = next(each for each in documents if each["kind"] == "Service")
    assert service["spec"]["type"] == "ClusterIP"
    lines = (folder / "Dockerfile").read_text().splitlines()
    copied = [line.split()[1:-1] for line in lines if line.startswith("COPY")]
    assert all((ROOT / name).exists() for names in copied for name in names)


def test_the_automation_is_one() -> None:
    raw = yaml.safe_load((ROOT / "deployments" / "failed-block.yaml").read_text())
    automation = AutomationCore.model_validate(raw)
    assert automation.trigger.expect == {"prefect.task-run.Failed"}  # type: ignore[union-attr]
    assert automation.enabled


def test_a_run_is_dead_when_beats_are_missing_and_a_late_one_is_not_enough() -> None:
    raw = yaml.safe_load((ROOT / "deployments" / "dead-run.yaml").read_text())
    automation = AutomationCore.model_validate(raw)
    beat = int(HEARTBEAT["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    # within 90 s of its death, with the 5 s in which a server looks
    assert 2 * beat < automation.trigger.within.total_seconds() <= 85  # type: ignore[union-attr]


def test_schedules_are_off() -> None:
    schedules = [schedule for each in DEPLOYMENTS for schedule in each.get("schedules", ())]
    assert schedules
    assert not any(schedule["active"] for schedule in schedules)


@pytest.mark.server
@pytest.mark.parametrize("times", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_all_are_registered_also_when_they_are(
    api: str, cli: Cli, times: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {"SPIKEATLAS_DASK": "tcp://cluster:8786", "SPIKEATLAS_URLS": "s3://lab/atlases"}
    for variable, value in allowed.items():
        monkeypatch.setenv(variable, value)
    for _ in range(times):
        done = cli("deploy", "--root", ROOT)
        assert done.returncode == 0, done.stderr
    *_, automation, worker = done.stdout.splitlines()
    assert f"prefect worker start --pool {POOL}" in worker
    assert sorted(
        line.rpartition("/")[2] for line in done.stdout.splitlines() if line.startswith("  ")
    ) == sorted(NAMES)
    assert "a Spike Atlas run died" in automation
    (registered,) = httpx.post(f"{api}/automations/filter", json={}).json()
    assert registered["trigger"]["within"] == 75
    held = httpx.post(f"{api}/deployments/filter", json={}).json()
    assert sorted(each["name"] for each in held) == sorted(NAMES)
    schema = next(each for each in held if each["name"] == "atlas")["parameter_openapi_schema"]
    search = schema["definitions"]["SearchSpec"]["properties"]
    assert search["budget"]["minimum"] == 1
    assert search["budget"]["description"]
    assert search["grid"]["enum"]
    assert not any(schedule["active"] for each in held for schedule in each["schedules"])
    for each in held:
        # Prefect's own place for a run would be held by a dead one
        assert each["concurrency_limit"] is None
        assert (
            each["job_variables"]["env"].items()
            >= {"SPIKEATLAS_ROOTS": str(ROOT), **HEARTBEAT, **allowed}.items()
        )
    atlas = next(each for each in held if each["name"] == "atlas")
    keep_a_schedule(api, atlas)
    trigger_as_documented(api, atlas)


def keep_a_schedule(api: str, deployment: dict[str, Any]) -> None:
    """Switch the schedule of a deployment on, wait for the run that the server plans, and switch it off."""
    (nightly,) = deployment["schedules"]
    switch = f"{api}/deployments/{deployment['id']}/schedules/{nightly['id']}"
    httpx.patch(switch, json={"active": True}).raise_for_status()

    of_deployment = {"deployments": {"id": {"any_": [deployment["id"]]}}}
    deadline = time.monotonic() + 120
    while not (runs := httpx.post(f"{api}/flow_runs/filter", json=of_deployment).json()):
        assert time.monotonic() < deadline
        time.sleep(1)

    assert {(run["state_type"], run["auto_scheduled"]) for run in runs} == {("SCHEDULED", True)}
    httpx.patch(switch, json={"active": False}).raise_for_status()


@pytest.mark.parametrize(
    ("schedule", "told"),
    [
        ({"cron": "61 2 * * *"}, "cron"),
        ({"cron": "often"}, "cron"),
        ({"cron": "0 2 * * *", "timezone": "Mars/Olympus"}, "imezone"),
        ({"interval": 0}, "interval"),
        ({"interval": -60}, "interval"),
        ({"interval": "daily"}, "interval"),
        ({"slug": "never"}, "give one of cron, interval and rrule"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_told(schedule: dict[str, Any], told: str) -> None:
    (problem,) = senseless([{"name": "nightly", "schedules": [schedule]}])

    assert "of nightly makes no sense" in problem
    assert told in problem
    assert "\n" not in problem
    assert senseless(DEPLOYMENTS) == []


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "home"))
    with pytest.raises(FileNotFoundError, match="in the folder of the source"):
        list(deploy(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(ServerError, match="prefect server start"):
        list(deploy(ROOT))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ServerError, match="does not answer"):
        list(deploy(ROOT))


def test_a_profile_of_prefect_s_may_name_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    profile = '[profiles.lab]\nPREFECT_API_URL = "http://127.0.0.1:9/api"\n'
    (tmp_path / "profiles.toml").write_text(f'active = "lab"\n\n{profile}')
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(ServerError, match=r"http://127\.0\.0\.1:9/api does not answer"):
        list(deploy(ROOT))


def documented(heading: str) -> list[str]:
    """The shell blocks below a heading of docs/operations.md."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition(f"### {heading}\n")[2].partition("\n### ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


def trigger_as_documented(api: str, deployment: dict[str, Any]) -> None:
    """What docs/operations.md says of triggering and scheduling, word for word; nothing of it is left behind."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    of_deployment = {"deployments": {"id": {"any_": [deployment["id"]]}}}
    for block in documented("Triggering and scheduling"):
        environment = {**os.environ, "PATH": path, "PREFECT_API_URL": api}
        subprocess.run(["bash", "-e", "-c", block], env=environment, check=True)
    runs = httpx.post(f"{api}/flow_runs/filter", json=of_deployment).json()
    by_hand = [run["parameters"] for run in runs if not run["auto_scheduled"]]
    assert sorted(by_hand, key=str) == [
        {"file": "deployments/studies/demo.yaml"},
        {"file": "deployments/studies/demo.yaml"},
        {"study": {"output": "runs/quick", "search": {"budget": 100}}},
    ]
    for parameters in by_hand:
        atlas_study_flow.validate_parameters(parameters)
    schedules = httpx.get(f"{api}/deployments/{deployment['id']}").json()["schedules"]
    (own,) = [one for one in schedules if one["active"]]
    assert own["parameters"] == {"file": "deployments/studies/fashion.yaml"}
    httpx.delete(f"{api}/deployments/{deployment['id']}/schedules/{own['id']}").raise_for_status()
    for run in httpx.post(f"{api}/flow_runs/filter", json=of_deployment).json():
        httpx.delete(f"{api}/flow_runs/{run['id']}").raise_for_status()
