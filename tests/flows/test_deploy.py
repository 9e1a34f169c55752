"""What the deployment file promises is there, fits its flow, and can be registered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prefect import Flow
from prefect.flows import load_flow_from_entrypoint

from flows.deploy import FILE, POOL, deploy
from flows.server import ServerError
from tests.flows.conftest import ROOT, Cli

DEPLOYMENTS: list[dict[str, Any]] = yaml.safe_load((ROOT / FILE).read_text())["deployments"]
NAMES = [each["name"] for each in DEPLOYMENTS]


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=NAMES)
def test_every_entry_fits_its_flow(
    deployment: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    loaded: Flow[Any, Any] = load_flow_from_entrypoint(deployment["entrypoint"])
    found = loaded.validate_parameters(deployment["parameters"])
    assert set(found) == set(deployment["parameters"])
    assert deployment["description"]
    assert loaded.description
    assert deployment["work_pool"]["name"] == POOL
    schema = loaded.parameters
    assert set(deployment["parameters"]) <= set(schema.properties)


def test_schedules_are_off() -> None:
    schedules = [schedule for each in DEPLOYMENTS for schedule in each.get("schedules", ())]
    assert schedules
    assert not any(schedule["active"] for schedule in schedules)


@pytest.mark.server
def test_all_are_registered_twice_over(api: str, cli: Cli) -> None:
    for _ in range(2):
        done = cli("deploy", "--root", ROOT)
        assert done.returncode == 0, done.stderr
    assert f"prefect worker start --pool {POOL}" in done.stdout
    held = httpx.post(f"{api}/deployments/filter", json={}).json()
    assert sorted(each["name"] for each in held) == sorted(NAMES)
    schema = next(each for each in held if each["name"] == "atlas")["parameter_openapi_schema"]
    search = schema["definitions"]["SearchSpec"]["properties"]
    assert search["budget"]["minimum"] == 1
    assert search["budget"]["description"]
    assert search["grid"]["enum"]
    assert not any(schedule["active"] for each in held for schedule in each["schedules"])


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(FileNotFoundError, match="in the folder of the source"):
        deploy(tmp_path)
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(ServerError, match="prefect server start"):
        deploy(ROOT)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(ServerError, match="does not answer"):
        deploy(ROOT)
