"""Charts out of .sm and .ssc files, for dancers to dance what people dance."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from models.simulate.charts import LEAD_IN, Chart, Note

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KIND = "dance-single"
HEADS = {"1", "2", "4"}  # a tap, the head of a hold, the head of a roll
LIFTS = {"3"}  # where a hold or roll ends
FEWEST = 20  # steps; less is no chart


class SimfileError(ValueError):
    """A simfile that cannot be read; the text says which and why."""


def find(place: Path) -> Iterator[Path]:
    """Simfiles in a folder and below, one a song: .ssc before .sm."""
    for folder in sorted({path.parent for path in place.rglob("*.s*") if path.suffix.lower() in {".sm", ".ssc"}}):
        files = sorted(folder.iterdir(), key=lambda path: (path.suffix.lower() != ".ssc", path.name))
        yield next(path for path in files if path.suffix.lower() in {".sm", ".ssc"})


def charts(path: Path) -> list[Chart]:
    """Every chart for one player in a simfile, easiest first.

    Raises:
        SimfileError: it is no simfile, or the library that reads them is missing.
    """
    try:
        import simfile  # noqa: PLC0415 - of the training's requirements
    except ImportError as error:
        raise SimfileError("reading simfiles needs the training's requirements: run `make train` once") from error
    try:
        song = simfile.open(str(path))
        found = [_chart(song, chart) for chart in song.charts if chart.stepstype == KIND]
    except Exception as error:  # the library lets out whatever its parsers raise
        raise SimfileError(f"{path.name} is not a simfile that can be read: {error}") from error
    return sorted((chart for chart in found if chart is not None), key=lambda chart: chart.meter)


def _chart(song: Any, chart: Any) -> Chart | None:
    from simfile.notes import NoteData  # noqa: PLC0415
    from simfile.timing import TimingData  # noqa: PLC0415
    from simfile.timing.engine import TimingEngine  # noqa: PLC0415

    clock = TimingEngine(TimingData(song, chart))
    rows: dict[Any, dict[int, str]] = {}
    for note in NoteData(chart):
        rows.setdefault(note.beat, {})[note.column] = note.note_type.value
    ends = {(beat, lane) for beat, row in rows.items() for lane, kind in row.items() if kind in LIFTS}
    heads = [(beat, sorted(lane for lane, kind in row.items() if kind in HEADS), row) for beat, row in rows.items()]
    heads = [head for head in heads if head[1] and clock.hittable(head[0])]
    if len(heads) < FEWEST:
        return None
    stamps = np.array([float(clock.time_at(beat)) for beat, _, _ in heads])
    stamps += LEAD_IN - stamps[0] if stamps[0] < LEAD_IN else 0.0
    notes = []
    for t, (beat, lanes, row) in zip(stamps, heads, strict=True):
        held = [lane for lane in lanes if row[lane] in {"2", "4"}]
        lifted = [end for end, lane in ends if held and lane == held[0] and end > beat]
        hold = float(clock.time_at(min(lifted)) - clock.time_at(beat)) if lifted else 0.0
        density = float(np.count_nonzero(np.abs(stamps - t) <= 1.0)) / 2.0
        notes.append(Note(float(t), tuple(lanes), hold, int(float(beat) * 4) % 4, density))
    meter = int(chart.meter) if str(chart.meter).isdigit() else 1
    bpm = float(clock.bpm_at(heads[0][0]))
    return Chart(tuple(notes), bpm, meter, notes[0].t, max(note.t + note.hold for note in notes))
