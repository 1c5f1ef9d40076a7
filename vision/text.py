"""The song's title and difficulty, read by tesseract: slow, once a match, and never in the way of the scores."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytesseract

from game.song import Song

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vision.frame import Image

LEGIBLE_HEIGHT = 720  # pixels of a picture in which tesseract finds the small print
SURE = 55.0  # percent below which tesseract guesses
LETTERS = 4  # of the shortest title
MOSTLY = 0.8  # share of letters in a title
LIMIT = 10.0  # seconds for one picture
_NAMES = """
    BEGINNER BASIC EASY LIGHT STANDARD MEDIUM DIFFICULT ANOTHER TRICK HARD HEAVY EXPERT MANIAC CHALLENGE ONI EDIT NOVICE
"""
_FURNITURE = """
    STAGE FINAL EXTRA EVENT SCORE COMBO MAXCOMBO BPM LEVEL METER LIFE SPEED PLAYER PLAYERS READY HERE GREAT GOOD PERFECT
    MARVELOUS FANTASTIC EXCELLENT DECENT ALMOST MISS BOO FLAWLESS FAILED CLEARED CREDIT CREDITS INSERT COIN COINS PRESS
    START TIME TOTAL RANK RESULT RESULTS SELECT MUSIC SONG NEXT OKAY WINS DRAW VERSUS DANGER
    OVERHEAD REVERSE HIDDEN SUDDEN STEALTH MIRROR SHUFFLE FAILOFF DISTANT HALLWAY INCOMING
"""
DIFFICULTIES = frozenset(_NAMES.split())
FURNITURE = frozenset(_FURNITURE.split())  # what dance games write on their screens beside the song
METER = re.compile(r"\b(?:LEVEL|LV|METER|BLOCK)[.:]?\s*(\d{1,2})\b")


@dataclass(frozen=True, slots=True)
class TextSeen:
    """A line of text on a picture: what it says, how sure that is in percent, and where its middle lies, 0 to 1."""

    text: str
    sure: float
    x: float
    y: float


def read_text(image: Image) -> list[TextSeen]:
    """Every line of text on a picture of (height, width, 3) bytes; none when tesseract is missing, fails or dawdles."""
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    scale = LEGIBLE_HEIGHT / grey.shape[0]
    if scale > 1:
        grey = np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    try:
        found = pytesseract.image_to_data(grey, config="--psm 11", output_type=pytesseract.Output.DICT, timeout=LIMIT)
    except (pytesseract.TesseractError, pytesseract.TesseractNotFoundError, RuntimeError, OSError):
        return []
    rows: dict[tuple[int, int, int], list[int]] = defaultdict(list)
    for index, word in enumerate(found["text"]):
        if word.strip() and float(found["conf"][index]) >= SURE:
            rows[found["block_num"][index], found["par_num"][index], found["line_num"][index]].append(index)
    return [_line(found, words, grey.shape) for words in rows.values()]


def _line(found: dict[str, list[str | int]], words: Sequence[int], shape: tuple[int, ...]) -> TextSeen:
    lefts = [int(found["left"][i]) for i in words]
    rights = [int(found["left"][i]) + int(found["width"][i]) for i in words]
    middle = sum(int(found["top"][i]) + int(found["height"][i]) / 2 for i in words) / len(words)
    sure = sum(float(found["conf"][i]) for i in words) / len(words)
    text = " ".join(str(found["text"][i]).strip() for i in words)
    return TextSeen(text, sure, (min(lefts) + max(rights)) / 2 / shape[1], middle / shape[0])


def song_of(pictures: Sequence[Sequence[TextSeen]]) -> Song:
    """Title and difficulty from the texts of some pictures around the beginning of a song.

    The title is what most of the pictures show that is no furniture, and more than one of them where there are more; of
    equals, the one nearest to the middle column, where games put it, and the longer one.
    """
    seen: dict[str, list[TextSeen]] = defaultdict(list)
    difficulty = None
    for texts in pictures:
        for text in texts:
            upper = text.text.upper()
            meter = METER.search(upper)
            name = next((word for word in re.findall(r"[A-Z]+", upper) if word in DIFFICULTIES), None)
            difficulty = difficulty or (name.title() if name else None) or (meter.group(1) if meter else None)
            if not meter and not name and _titular(upper):
                seen[upper].append(text)
    lasting = [sights for sights in seen.values() if len(sights) >= min(2, len(pictures))]
    if not lasting:
        return Song(None, difficulty)
    best = max(lasting, key=lambda sights: (len(sights), -abs(sights[0].x - 0.5), len(sights[0].text)))
    return Song(max(best, key=lambda text: text.sure).text, difficulty)


def _titular(text: str) -> bool:
    """Whether a line could be a title: mostly letters, enough of them, and none of the words that games write."""
    letters = sum(c.isalpha() for c in text)
    plain = sum(c.isalpha() or c.isspace() for c in text)
    return letters >= LETTERS and plain >= MOSTLY * len(text) and not set(re.findall(r"[A-Z]+", text)) & FURNITURE
