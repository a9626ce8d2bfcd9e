"""Models on disk: read whole or refused, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from recoup import limits
from recoup.errors import ModelFault, ModelProblem
from recoup.watch.model import FeatureSet, Model, read_model, write_model


def load_model(path: Path, features: FeatureSet | None = None) -> Model:
    """Return the model of a file; `ModelFault` for a file that is none, and for a model of other features."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= limits.MODEL_BYTES_MAX else b""
    except OSError as error:
        raise ModelFault(ModelProblem.UNREADABLE, f"{path}: {error.strerror}") from error
    if size > limits.MODEL_BYTES_MAX:
        raise ModelFault(ModelProblem.UNREADABLE, f"{path}: {size} bytes are too many")
    try:
        return read_model(content, features)
    except ModelFault as fault:
        raise ModelFault(fault.problem, f"{path}: {fault.what}") from fault


def save_model(model: Model, path: Path) -> None:
    """Write the file of a model, on disk before its name is."""
    write_whole(path, write_model(model))


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there: nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        written.chmod(0o644)
        written.replace(path)
    finally:
        written.unlink(missing_ok=True)
