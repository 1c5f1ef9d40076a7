"""A record of each training: MLflow, into a folder unless a server is named."""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from models.training.winner.train import Size, Trained

EXPERIMENT = "winner"


def record(trained: Trained, size: Size, tracking: str, files: list[Path]) -> str:
    """Write down parameters, figures and files; returns where.

    Args:
        trained: what came out.
        size: what went in.
        tracking: an address that MLflow understands, or a folder.
        files: to be kept with the run.
    """
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow  # noqa: PLC0415 - of the training's requirements, and slow to load

    mlflow.set_tracking_uri(tracking)
    with contextlib.suppress(mlflow.exceptions.MlflowException):  # another run may have made it just now
        mlflow.set_experiment(EXPERIMENT)
    plan = asdict(trained.plan)
    shape = plan.pop("shape")
    with mlflow.start_run(run_name=f"{trained.bundle.manifest.version}-{trained.bundle.digest[:8]}"):
        mlflow.log_params({**plan, **{f"shape_{name}": value for name, value in shape.items()}})
        mlflow.log_params({"matches": size.matches, "looks": size.looks, "data": trained.train.version})
        mlflow.log_params({"bundle": trained.bundle.digest})
        for number, loss in enumerate(trained.losses):
            mlflow.log_metric("log_loss_cv", loss, step=number)
        for row in trained.rows:
            at = row.mark if isinstance(row.mark, str) else round(100 * row.mark)
            name = row.name.replace(" ", "_").replace(",", "")
            mlflow.log_metrics({f"{name}.{figure}.{at}": value for figure, value in row.figures.items()})
        for file in files:
            mlflow.log_artifact(str(file))
    return tracking
