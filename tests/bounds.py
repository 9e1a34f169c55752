"""Each upper bound of pyproject.toml without it: ``make bounds``, or ``python tests/bounds.py [PACKAGE ...]``.

For each dependency with an upper bound: an environment that lies over this one, into which pip installs the package at
the bound or above, with all our other requirements as they are. Where pip finds such a set, the smoke test decides: all
of our modules are imported with warnings of removals as errors, Prefect's server starts, and a tiny study runs to its
end. Nothing here is changed; it takes a minute or more a bound.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
import tempfile
import tomllib
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
OURS = "spikeatlas"
UPPER = re.compile(r",?\s*(<=?|==|~=)\s*([\w.]+)")

STUDY = """
data: {dataset: digits, limit: 120}
network: {channels: [3], hidden: [], time_steps: 4}
training: {epochs: 1}
generator: {positions: 4, codes: 8, epochs: 1, width: 8, embedding: 4}
probe: {epochs: [0], neurons: 2}
search: {budget: 30, screening_images: 8, methods: [random], prior: uniform}
analysis: {images: 40}
output: run
"""

IMPORTS = """
import importlib, pkgutil, warnings
import spikeatlas
warnings.simplefilter("error", FutureWarning)
for module in pkgutil.walk_packages(spikeatlas.__path__, "spikeatlas."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


@dataclass(frozen=True)
class Bound:
    """A requirement with an upper bound."""

    requirement: str
    """As pyproject.toml has it."""
    package: str
    limit: str
    """Version that may not be reached, or passed."""

    @property
    def lifted(self) -> str:
        """The requirement of a version at the bound or above."""
        return f"{self.package}>={self.limit}"


def requirements() -> list[str]:
    """Return the requirements of the package itself."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return list(project["dependencies"])


def bounds(requirements: list[str]) -> Iterator[Bound]:
    """Yield the requirements with an upper bound."""
    for requirement in requirements:
        upper = UPPER.search(requirement)
        if upper:
            package = re.split(r"[<>=~!\\[ ]", requirement, maxsplit=1)[0]
            yield Bound(requirement, package, upper[2])


def judge(bound: Bound, others: list[str], folder: Path) -> str:
    """Try one bound without it in a new environment in ``folder``; what came of it."""
    environment = Overlay(folder / "venv")
    reason = environment.install([bound.lifted, *others])
    if reason:
        return f"nothing to lift: no set of packages has {bound.lifted} ({reason})"
    version = environment.version(bound.package)
    for name, command in smoke(folder).items():
        failure = environment.run(command, folder)
        if failure:
            return f"NEEDED: with {bound.package} {version}, {name} fails ({failure})"
    return f"NO LONGER NEEDED: {bound.package} {version} imports, serves and runs a study"


def smoke(folder: Path) -> dict[str, list[str]]:
    """Return the commands that a set of packages has to pass, by name; the run starts Prefect's server."""
    study = folder / "study.yaml"
    study.write_text(STUDY)
    return {
        "importing all modules": ["-c", IMPORTS],
        "a run with its server": ["-m", "spikeatlas.flows.cli", "run", str(study)],
    }


def shortened(errors: str) -> str:
    """Return pip's first error without the list of all versions but the newest."""
    first = next((line for line in errors.splitlines() if line.startswith("ERROR")), "no error")
    words, listed, versions = first.removeprefix("ERROR: ").partition(" (from versions: ")
    return f"{words}; the newest is {versions.rstrip(')').split(', ')[-1]}" if listed else words


class Overlay:
    """An environment whose packages come before those of the one that runs this."""

    def __init__(self, folder: Path) -> None:
        """Make it, empty."""
        venv.create(folder, with_pip=False, symlinks=True)
        self.python = folder / "bin" / "python"
        site = next(folder.glob("lib/python*/site-packages"))
        lines = [sysconfig.get_path("purelib"), str(ROOT / ".package")]
        (site / "below.pth").write_text("\n".join(lines))

    def install(self, requirements: list[str]) -> str:
        """Install, with what is there where that fits; the reason where no set of versions does."""
        command = ["-m", "pip", "install", "--quiet", "--progress-bar", "off", *requirements]
        done = self._call(command, ROOT)
        if done.returncode:
            return shortened(done.stderr)
        # what pip left as it is may ask for the older version; our own bound is the one that is lifted
        lines = done.stderr.splitlines()
        clashes = [line for line in lines if "but you have" in line and line.split()[0] != OURS]
        return "; ".join(clashes)

    def version(self, package: str) -> str:
        """Return the version of a package that the environment has."""
        code = f"from importlib.metadata import version; print(version({package!r}))"
        return self._call(["-c", code], ROOT).stdout.strip()

    def run(self, command: list[str], folder: Path) -> str:
        """Run a program of the environment; the last line of what it said if it failed."""
        done = self._call(command, folder)
        if not done.returncode:
            return ""
        return (done.stderr.strip() or f"exit {done.returncode}").splitlines()[-1]

    def _call(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        apart = {"PYTHONPATH", "PREFECT_API_URL", "VIRTUAL_ENV"}
        environment = {name: value for name, value in os.environ.items() if name not in apart}
        return subprocess.run(
            [str(self.python), *command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def main(packages: list[str]) -> None:
    """Judge all bounds, or those of some packages, and print a line for each."""
    names = requirements()
    for bound in bounds(names):
        if packages and bound.package not in packages:
            continue
        print(f"{bound.requirement}: trying {bound.lifted} ...", flush=True)
        others = [requirement for requirement in names if requirement != bound.requirement]
        with tempfile.TemporaryDirectory(prefix="spikeatlas-bounds-") as folder:
            print(f"{bound.requirement}: {judge(bound, others, Path(folder))}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
