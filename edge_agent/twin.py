"""Settings from afar: checked, applied while the device runs, refused with the reason, and never the end of it.

What was set is on the disk, so that it is in force after a start without a network. A start counts as begun until the
device has run for a while; after a few that never got so far, it comes up in safe mode: as it was started, with nothing
that was set from afar, and says so.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from contract.messages import PageStyle, Settings, SettingsReport, SettingsWish
from edge_agent.capture.source import parse_source
from edge_agent.errors import EdgeAgentError, SourceError
from edge_agent.settings import without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge_agent.capture.source import Source

STARTS = 3  # that never came up, before safe mode
STEADY = 20.0  # seconds that a start must last to count as one that came up
TRIAL = 20.0  # seconds that a new source has to give a picture

log = structlog.get_logger(__name__)


class _Kept(BaseModel):
    """What is on the disk."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    report: SettingsReport = SettingsReport()
    starts: int = 0


@dataclass(frozen=True, slots=True)
class Controls:
    """What settings are applied to; called in the twin's thread, but for the first time, in the caller's.

    Attributes:
        apply: everything but the source; None in a field means as the device was started.
        watch: another source, from the next moment between two songs on; None means as the device was started.
        sees: whether the source that was asked for last gives pictures.
        changed: the report is another one now.
    """

    apply: Callable[[Settings], None]
    watch: Callable[[Source | None], None]
    sees: Callable[[], bool]
    changed: Callable[[], None]


class Twin:
    """Carries settings out, one wish after the other, in a thread of its own."""

    def __init__(self, path: Path, controls: Controls, *, steady: float = STEADY, trial: float = TRIAL) -> None:
        self._path, self._controls = path, controls
        self._steady, self._trial = steady, trial
        self._kept = self._begin()
        self._wanted: SettingsWish | None = None
        self._changed = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="twin", daemon=True)

    @property
    def report(self) -> SettingsReport:
        """What is in force."""
        return self._kept.report

    def source(self) -> Source | None:
        """The source that was set from afar, for the start; None for none, and for one that is not there any more."""
        text = self.report.values.source
        if text is None:
            return None
        try:
            return parse_source(text)
        except SourceError as error:
            log.warning("the source that was set is not there, watching the first one", reason=str(error))
            return None

    def start(self) -> None:
        """Put in force what was set before, and listen for more."""
        try:
            self._controls.apply(self.report.values)
        except Exception as error:  # noqa: BLE001 - whatever it is, the device comes up without it
            self._keep(SettingsReport(settled=self.report.settled, refused=_line(error), safe=True))
        self._thread.start()

    def close(self, timeout: float = 0.3) -> None:
        """End; an orderly end is no failed start."""
        self._stopping.set()
        self._changed.set()
        if self._thread.is_alive():
            self._thread.join(timeout)
        self._settle()

    def offer(self, wish: SettingsWish | None) -> None:
        """A desired document has come."""
        if wish is not None and wish.asked > self.report.settled:
            self._wanted = wish
            self._changed.set()

    def _run(self) -> None:
        if not self._changed.wait(self._steady):
            self._settle()
        while not self._stopping.is_set():
            self._changed.wait()
            self._changed.clear()
            wish, self._wanted = self._wanted, None
            if wish is not None and not self._stopping.is_set():
                self._carry_out(wish)
                self._settle()

    def _carry_out(self, wish: SettingsWish) -> None:
        before = self.report.values
        try:
            source = None if wish.values.source is None else parse_source(wish.values.source)
            if wish.values.page is PageStyle.UNKNOWN:
                raise SourceError("This device knows no such page.")  # noqa: TRY301
            self._controls.apply(wish.values)
            if wish.values.source != before.source:
                self._try_source(source)
        except EdgeAgentError as error:
            self._refuse(wish, before, str(error))
        except Exception as error:  # whatever it is, the device goes on as before
            log.exception("settings")
            self._refuse(wish, before, _line(error))
        else:
            log.info("settings applied", asked=wish.asked)
            self._keep(SettingsReport(settled=wish.asked, values=wish.values))
        self._controls.changed()

    def _try_source(self, source: Source | None) -> None:
        """Watch it, and go back when it gives no picture.

        Raises:
            SourceError: it gave none.
        """
        old = self.source()
        self._controls.watch(source)
        if source is None:
            return
        waited = 0.0
        while waited < self._trial and not self._stopping.is_set():
            if self._controls.sees():
                return
            self._stopping.wait(0.1)
            waited += 0.1
        self._controls.watch(old)
        raise SourceError(f"{without_credentials(source)} gave no picture within {self._trial:g} s.")

    def _refuse(self, wish: SettingsWish, before: Settings, reason: str) -> None:
        log.warning("settings refused", asked=wish.asked, reason=reason)
        self._controls.apply(before)
        self._keep(SettingsReport(settled=wish.asked, values=before, refused=reason[:500], safe=self.report.safe))

    def _begin(self) -> _Kept:
        try:
            kept = _Kept.model_validate_json(self._path.read_bytes())
        except FileNotFoundError:
            kept = _Kept()
        except (OSError, ValidationError) as error:
            log.error("what was set from afar cannot be read", reason=str(error).splitlines()[0])  # noqa: TRY400
            kept = _Kept(report=SettingsReport(refused="what was set could not be read from the disk", safe=True))
        if kept.starts >= STARTS and kept.report.values != Settings():
            reason = f"the device did not come up {kept.starts} times with what was set"
            log.error("safe mode", reason=reason)
            kept = _Kept(report=SettingsReport(settled=kept.report.settled, refused=reason, safe=True))
        kept = kept.model_copy(update={"starts": kept.starts + 1})
        self._write(kept)
        return kept

    def _settle(self) -> None:
        if self._kept.starts:
            self._kept = self._kept.model_copy(update={"starts": 0})
            self._write(self._kept)

    def _keep(self, report: SettingsReport) -> None:
        self._kept = self._kept.model_copy(update={"report": report})
        self._write(self._kept)

    def _write(self, kept: _Kept) -> None:
        new = self._path.with_name(f".{self._path.name}.new")
        try:
            with new.open("wb") as file:
                file.write(kept.model_dump_json().encode())
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._path)
        except OSError as error:
            log.error("cannot remember the settings", reason=error.strerror)  # noqa: TRY400


def _line(error: Exception) -> str:
    text = f"{type(error).__name__}: {error}"
    return "".join(character if character.isprintable() else " " for character in text)[:500]
