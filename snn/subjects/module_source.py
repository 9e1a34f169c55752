"""A torch module along its training: the user's factory and the user's checkpoints."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from torch import nn

from spikeatlas.snn.coding import CODINGS, first_frames
from spikeatlas.snn.data import DataSet, take_evenly
from spikeatlas.snn.files import digest_file
from spikeatlas.snn.modules import (
    ThreadCaptures,
    Trial,
    checkpoint_files,
    code_digest,
    code_parts,
    digest_of,
    make_module,
    named_places,
    place_of,
    put_checkpoint,
    read_checkpoint,
    require_finite,
    try_module,
)
from spikeatlas.snn.subjects.base import Images, Source
from spikeatlas.snn.subjects.module_layers import (
    accuracy_warning,
    checked_readout,
    hidden_parts,
    layer_infos,
    module_lacks,
    module_scaling,
    module_settings,
    output_layers,
    runs_whole,
    trial_facts,
)
from spikeatlas.snn.subjects.module_responder import ModuleParts
from spikeatlas.snn.subjects.module_subject import ModuleSubject
from spikeatlas.snn.subjects.training_progress import Progress

if TYPE_CHECKING:
    from spikeatlas.snn.subjects.module import ModuleSpec

_TRIAL_IMAGES = 8


class ModuleSource(Source):
    """The module of each epoch; a trial with the first readable one tells its layers, for all of them.

    ValueError, one sentence, where the factory, the checkpoints or the module cannot be used.
    """

    def __init__(self, spec: ModuleSpec, data: DataSet) -> None:
        self.spec = spec
        self.input_shape = data.shape
        self.place, self.folder = place_of(spec.factory, spec.checkpoints)
        self._data = data
        self._scaling = module_scaling(spec, data)
        self._code, self._code_parts = self._read_code()
        module, notes = self._first()
        self.trial = self._try(module)
        self.readout = checked_readout(module, self.trial, spec, len(data.classes))
        self.layers = layer_infos(self.trial, self.readout, spec)
        self.hidden = hidden_parts(module, self.trial)
        self.stochastic = self.trial.answers == "stochastic" or CODINGS[spec.coding].stochastic
        self.time_steps = self.trial.drive.time_steps
        self.classes = None if self.readout is None else self.readout.classes
        self.outputs = output_layers(self.layers, self.readout, spec)
        self.lacks = module_lacks(
            readout=self.readout is not None,
            truncation=not runs_whole(
                module, self.trial, self._scaling, first_frames(self._examples())
            ),
            epochs=spec.checkpoints is not None,
        )
        self.facts = {
            "factory": spec.factory,
            **trial_facts(self.trial, self.readout, spec.readout),
            **({"of its files": "; ".join(notes)} if notes else {}),
        }

    @property
    def network_digest(self) -> str:
        """SHA-256 (hex) of the code and of all settings that say what the module answers, checkpoints apart."""
        return digest_of({"code": self._code, **self._settings()})

    @property
    def network_parts(self) -> dict[str, str]:
        """See ``Source``: each file of code, and each setting by its field."""
        settings = {f"network.{name}": digest_of(value) for name, value in self._settings().items()}
        return {**self._code_parts, **settings}

    def _settings(self) -> dict[str, object]:
        return module_settings(self.spec, self.trial, self.readout, self._scaling)

    def epochs(self) -> dict[float, Path | None]:
        """See ``Source``."""
        return checkpoint_files(self.spec.checkpoints, self.spec.first_epoch)

    def open(self, epoch: float) -> ModuleSubject:
        """See ``Source``."""
        return self._subject(self._module(epoch))

    def example(self) -> ModuleSubject:
        """See ``Source``."""
        return self._subject(self._made())

    def digest(self, epoch: float) -> str:
        """See ``Source``."""
        path = self._path(epoch)
        return self.network_digest if path is None else digest_file(path)

    def progress(self, epoch: float) -> Progress:
        """See ``Source``: the step that the file tells; accuracy and loss are for whoever uses it to measure."""
        path = self._path(epoch)
        return Progress() if path is None else Progress(step=read_checkpoint(path).step)

    def notes(self, epoch: float) -> list[str]:
        """Say what was done to the names of a checkpoint's tensors, one line each."""
        path = self._path(epoch)
        return [] if path is None else put_checkpoint(self._made(), path)

    def problems(self, epochs: Sequence[float]) -> list[str]:
        """See ``Source``."""
        problems = []
        for epoch in epochs:
            try:
                self.open(epoch).check()
                if epoch == max(epochs):
                    self._require_same_answers(epoch)
            except (ValueError, OSError) as error:
                problems.append(str(error))
        return problems

    def _require_same_answers(self, epoch: float) -> None:
        """Raise ValueError where the most trained module does not answer as that of the trial, which may be silent."""
        answers = self.open(epoch).answers()
        if answers != self.trial.answers:
            raise ValueError(
                f"network.checkpoints: the module of epoch {epoch:g} is {answers}, but that of the first epoch, which all "
                f"are taken to be like, {self.trial.answers} (is it silent?): leave silent epochs out."
            )

    def unreadable(self) -> dict[float, str]:
        """See ``Source``."""
        reasons = {}
        for epoch, path in self.epochs().items():
            try:
                if path is not None:
                    read_checkpoint(path)
            except (ValueError, OSError) as error:
                reasons[epoch] = str(error)
        return reasons

    def doubts(self, epoch: float, accuracy: float) -> list[str]:
        """See ``Source``: an accuracy that is not the checkpoint's own, or no better than chance."""
        path = self._path(epoch)
        if path is None:
            return []
        recorded = read_checkpoint(path).accuracy
        warning = accuracy_warning(epoch, accuracy, recorded, len(self._data.classes))
        return [] if warning is None else [warning]

    def fingerprint(self, epoch: float) -> str:
        """SHA-256 (hex) of all layers' activity for 8 test images: a changed library changes it too."""
        total = hashlib.sha256()
        subject = self.open(epoch)
        images = take_evenly(self._data.test, _TRIAL_IMAGES).images
        for name, means in subject.activity(images, list(self.trial.layers)).items():
            total.update(f"{name}\0{means.shape}".encode())
            total.update(means.astype("<f4").tobytes())
        return total.hexdigest()

    def _read_code(self) -> tuple[str, dict[str, str]]:
        """Digest of the code, and of each of its files."""
        return code_digest(self.spec.factory), code_parts(self.spec.factory)

    def _made(self) -> nn.Module:
        return make_module(self.spec.factory, self.spec.options)

    def _path(self, epoch: float) -> Path | None:
        epochs = self.epochs()
        if epoch not in epochs:
            there = ", ".join(f"{number:g}" for number in epochs) or "none"
            raise FileNotFoundError(
                f"There is no checkpoint of epoch {epoch:g} at {self.spec.checkpoints}; there are: {there}."
            )
        return epochs[epoch]

    def _module(self, epoch: float) -> nn.Module:
        module, path = self._made(), self._path(epoch)
        if path is None:
            require_finite(module, f"network.factory: {self.spec.factory}")
        else:
            put_checkpoint(module, path)
            require_finite(module, f"network.checkpoints: {path}")
        return module

    def _first(self) -> tuple[nn.Module, list[str]]:
        """Module of the first epoch whose file can be read, and notes on that: files to come do not change the trial."""
        problem: Exception | None = None
        for epoch in self.epochs():
            try:
                return self._module(epoch), self.notes(epoch)
            except (ValueError, OSError) as error:
                problem = problem or error
        if problem is not None:
            raise problem
        return self._made(), []

    def _try(self, module: nn.Module) -> Trial:
        return try_module(
            module,
            named_places(module, self.spec.layers),
            self._scaling.normalise(first_frames(self._examples())),
            kind=self.spec.input,
            time_steps=self.spec.time_steps,
            named=self.spec.layers != "auto",
        )

    def _examples(self) -> Images:
        images = take_evenly(self._data.train or self._data.test, _TRIAL_IMAGES).images
        return images[np.arange(_TRIAL_IMAGES) % len(images)]

    def _subject(self, module: nn.Module) -> ModuleSubject:
        parts = ModuleParts(
            ThreadCaptures(module, self.trial.drive),
            self.trial,
            self._scaling,
            self.readout,
            self.spec.classes,
            self._examples(),
        )
        train, count = self._data.train, self.spec.reference.images
        return ModuleSubject(
            module,
            parts,
            self.layers,
            input_shape=self.input_shape,
            lacks=self.lacks,
            natural_images=lambda: take_evenly(train, count).images,
            quantile=self.spec.reference.quantile,
        )
