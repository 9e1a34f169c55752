"""The wheel, installed outside of the clone, in a place like a container: no home, no terminal, nothing of the source
writable, another user, other locales, spaces in every path.

The environment lies over the one that runs this, so nothing is loaded. Without root the user stays the same.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import venv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
ROOMS = (".package", "flows", "tasks", "snn", "optim", "deployments", "docs")
FILES = ("pyproject.toml", "README.md", "LICENSE", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile")

NOBODY = 65534
AS_NOBODY = [
    "setpriv",
    f"--reuid={NOBODY}",
    f"--regid={NOBODY}",
    "--clear-groups",
    # an interpreter below /root can be read, and nothing there can be written
    "--inh-caps=+dac_read_search",
    "--ambient-caps=+dac_read_search",
]

TINY = [
    "search.budget=20",
    "search.methods=[random]",
    "search.prior=uniform",
    "search.screening_images=8",
    "probe.epochs=[0]",
    "probe.neurons=2",
    "training.epochs=1",
    "generator.epochs=1",
    "analysis.images=40",
    "data.limit=120",
]
LOCALES = {"C": {"LANG": "C"}, "comma": {"LC_ALL": "de_DE.UTF-8"}}

Say = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def source() -> Iterator[Path]:
    """A copy of the source and the tests, in a folder that others can reach: pytest's own are for its user alone."""
    with tempfile.TemporaryDirectory(prefix="spike atlas ") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield copy_of_source(folder / "the source")
        subprocess.run(["chmod", "-R", "u+w", name], check=True)


def copy_of_source(folder: Path) -> Path:
    folder.mkdir()
    for name in (*ROOMS, "tests"):
        ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
        shutil.copytree(ROOT / name, folder / name, symlinks=True, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder)
    return folder


@pytest.fixture(scope="module")
def python(source: Path) -> Path:
    """The interpreter of an environment with the wheel, which nobody may write to."""
    wheels, folder = source.parent / "wheels", source.parent / "the environment"
    pip = [sys.executable, "-m", "pip"]
    build = [
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(wheels),
        str(source),
    ]
    subprocess.run([*pip, *build], check=True)
    shutil.rmtree(source / "build", ignore_errors=True)
    venv.create(folder, with_pip=False, symlinks=True)
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "below.pth").write_text(sysconfig.get_path("purelib"))
    interpreter = folder / "bin" / "python"
    (wheel,) = wheels.glob("*.whl")
    install = ["install", "--quiet", "--no-deps", "--no-index", str(wheel)]
    subprocess.run([str(interpreter), "-m", "pip", *install], check=True)
    for place in (source, folder):
        subprocess.run(["chmod", "-R", "a+rX,a-w", str(place)], check=True)
    return interpreter


@pytest.fixture
def place(python: Path, tmp_path: Path) -> Path:
    """A folder that the other user may write to."""
    folder = python.parents[2] / f"work of {tmp_path.name}"
    folder.mkdir()
    (folder / "tmp").mkdir()
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", str(NOBODY), str(folder)], check=True)
    return folder


@pytest.fixture(params=LOCALES)
def locale(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Variables of a locale; one with decimal commas is made where the machine has none."""
    if request.param == "C":
        return LOCALES["C"]
    folder = tmp_path_factory.mktemp("locales")
    made = subprocess.run(
        ["localedef", "-i", "de_DE", "-f", "UTF-8", folder / "de_DE.UTF-8"], check=False
    )
    if made.returncode:
        pytest.skip("needs the sources of a locale with decimal commas (apt install locales)")
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    return {**LOCALES["comma"], "LOCPATH": str(folder)}


def command(place: Path, words: list[str], variables: dict[str, str]) -> list[str]:
    """Words as another user calls them, in an environment with next to nothing."""
    least = {"PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1", "TMPDIR": str(place / "tmp")}
    settings = [f"{name}={value}" for name, value in {**least, **variables}.items()]
    user = AS_NOBODY if os.getuid() == 0 else []
    return [*user, "env", "-i", *settings, *words]


@pytest.fixture
def say(python: Path, place: Path, locale: dict[str, str]) -> Say:
    """Call a program of the environment."""

    def call(*words: str, within: Path = place) -> subprocess.CompletedProcess[str]:
        program = [str(python.with_name(words[0])), *words[1:]]
        return subprocess.run(
            command(place, program, locale),
            cwd=within,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
            start_new_session=True,  # no terminal
        )

    return call


def test_the_installed_wheel_goes_from_init_to_a_served_report(
    say: Say, python: Path, place: Path, locale: dict[str, str]
) -> None:
    started = say("spikeatlas", "init", "my study")
    assert started.returncode == 0, started.stderr
    folder, sets = place / "my study", [word for field in TINY for word in ("--set", field)]
    for words in (["validate"], ["run"]):
        done = say("spikeatlas", *words, "study.yaml", *sets, within=folder)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr
        assert "Warning" not in done.stderr
        assert "\x1b" not in done.stdout
    info = say("spikeatlas", "info", "runs/start/atlas.zarr", "--verify", within=folder)
    assert info.returncode == 0, info.stderr
    program = [str(python.with_name("spikeatlas")), "serve", "my study", "--port", "0"]
    with serving_installed(command(place, program, locale), place) as url:
        page = httpx.get(f"{url}runs/start/report/index.html", trust_env=False)
        assert page.status_code == 200
        assert "complete" in httpx.get(url, trust_env=False).text


@contextmanager
def serving_installed(words: list[str], place: Path) -> Iterator[str]:
    """The address of a serve; Ctrl-C ends it, with 0."""
    with subprocess.Popen(
        words, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:  # fmt: skip
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield line.split(" at ")[1].split()[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=60)
    assert process.returncode == 0


def test_tests_pass_on_the_installed_wheel(say: Say, source: Path, place: Path) -> None:
    chosen = [
        "tests/tasks/study",
        "tests/flows/checks",
        "tests/flows/starter",
        "tests/optim/test_ledger.py",
    ]
    words = [
        "python",
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        "--basetemp",
        str(place / "tmp" / "t"),
    ]
    done = say(*words, *chosen, within=source)
    assert done.returncode == 0, done.stdout[:6000]
