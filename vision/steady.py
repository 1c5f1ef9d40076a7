"""Follow a camera: how the picture has moved since it was first seen, whatever the game on it does meanwhile.

Corners all over the picture are tracked from a reference picture (pyramidal Lucas-Kanade), and a homography is fitted
to those that move as one. Most of what moves on a dance game's screen is the game; a corner earns trust by going with
the picture for a while, and arrows and films never do. A picture that stands still is looked at ever less often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vision.frame import Floats, Image

SIDE = 640  # pixels of the long side at which corners are followed, about
CELL = 32  # pixels; one corner is followed in each
FAINTEST = 1e-4  # smaller eigenvalue of a corner worth following
WINDOW = (13, 13)
LEVELS = 2
PRECISE = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 12, 0.02)
WITH = 0.6  # pixels by which a corner may miss and still have gone with the picture
TRUSTED = 12  # looks
DISTRUST = 3  # looks that one miss costs
FEWEST = 16  # corners that tell a movement
MAJORITY = 0.4  # of the corners asked
WORN = 0.6  # share of corners still in use below which there are new ones
FRESH = 30  # looks for which a reference picture is kept at least
STILL = 0.12  # pixels below which the usual corner has not moved; noise moves them less
CALM_LOOKS = 45  # looks without a movement after which the picture is taken to stand still
REST, WARY = 1.0, 0.1  # seconds between looks at a picture that stands still, and when it may have moved
LARGEST = 3.0  # times by which a picture may have grown or shrunk; beyond that the homography is nonsense
COARSE = 4  # shrinks the small picture once more, to find out how far a knock has moved it


class Steady:
    """Tells where every point of the first picture is now.

    When the picture changes altogether, which is what games do between their screens, it is taken to be where it was
    when `settle` was last called.

    Attributes:
        pose: the homography (3, 3) from the first picture's pixels to the last one's; None while nothing has moved.
        settled: the one at the time of the last `settle`.
        lost: whether the last look found nothing that goes together.
    """

    def __init__(self) -> None:
        self.lost = False
        self.pose: Floats | None = None
        self.settled: Floats | None = None
        self._now: Floats = np.eye(3)  # the pose in pixels of the small picture
        self._then = self._now
        self._key: Image | None = None
        self._last: Image | None = None
        self._corners: Floats = np.zeros((0, 2), np.float32)  # in the reference picture
        self._home: Floats = np.zeros((0, 2), np.float32)  # the same ones in the first picture
        self._age: NDArray[np.int64] = np.zeros(0, np.int64)
        self._looks = 0
        self._calm = 0
        self._looked = float("-inf")

    def follow(self, t: float, image: Image, *, doubt: bool = True) -> Floats | None:
        """Look at the picture at `t` seconds, unless it has stood still lately; sooner when in `doubt`.

        Returns:
            the pose.
        """
        if self._calm > CALM_LOOKS and t - self._looked < (WARY if doubt else REST):
            return self.pose
        self._looked = t
        shrink = max(1, round(max(image.shape[:2]) / SIDE))
        small = _grey(image, shrink)
        if self._key is not None and self._key.shape != small.shape:
            self.__init__()  # type: ignore[misc]  # another source
        if self._key is None:
            self._refer(small)
            return self.pose
        before = self._now
        self.lost = not (self._step(small, before) or self._leap(small))
        if self.lost:
            self._now = self._then
            self._refer(small)
        self._last = small
        self._calm = self._calm + 1 if self._now is before else 0
        if self._now is self._then:
            self.pose = self.settled
        elif self._now is not before:
            self.pose = np.diag([shrink, shrink, 1.0]) @ self._now @ np.diag([1 / shrink, 1 / shrink, 1.0])
        return self.pose

    def settle(self) -> None:
        """Take the present place for the one to return to, because what was looked for is there."""
        self._then, self.settled = self._now, self.pose

    def back(self) -> None:
        """Return there: what was looked for is where it was, though corners have moved, as menus do."""
        self._now, self.pose = self._then, self.settled
        self._key = self._last = None

    def _leap(self, small: Image) -> bool:
        """Look again, from where the picture as a whole seems to have gone since the last one."""
        if self._last is None or min(small.shape) < WINDOW[0] * COARSE:
            return False
        old, new = (
            cv2.resize(one, None, fx=1 / COARSE, fy=1 / COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
            for one in (self._last, small)
        )
        (x, y), _ = cv2.phaseCorrelate(old, new, cv2.createHanningWindow(old.shape[::-1], cv2.CV_32F))
        jump = np.array([[1, 0, x * COARSE], [0, 1, y * COARSE], [0, 0, 1]])
        return self._step(small, jump @ self._now)

    def _step(self, small: Image, near: Floats) -> bool:
        """Take one look, from a pose that is about right; whether the movement could be told."""
        self._looks += 1
        if self._key is None or len(self._corners) < FEWEST:
            return False
        guess = _apply(near, self._home)
        now, found, _ = cv2.calcOpticalFlowPyrLK(
            self._key,
            small,
            self._corners,
            guess,
            winSize=WINDOW,
            maxLevel=LEVELS,
            flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
            criteria=PRECISE,
        )
        seen = found.ravel() > 0
        asked = seen & (self._age >= TRUSTED)
        if asked.sum() < FEWEST:
            asked = seen
        pose = _fitted(self._home[asked], now[asked], near)
        if pose is None:
            return False
        self._now = next((old for old in (self._now, self._then) if self._apart(old, pose) < STILL), pose)
        went = seen & (np.linalg.norm(_apply(pose, self._home) - now, axis=1) < WITH)
        self._age = np.where(went, self._age + 1, np.maximum(0, self._age - DISTRUST))
        if self._looks > FRESH and went.sum() < WORN * len(went):
            kept = went & (self._age >= TRUSTED)
            self._refer(small, now[kept], self._home[kept], self._age[kept])
        return True

    def _apart(self, one: Floats, two: Floats) -> float:
        """How far apart two poses put the usual corner, pixels."""
        return float(np.median(np.linalg.norm(_apply(one, self._home) - _apply(two, self._home), axis=1)))

    def _refer(self, small: Image, *kept: Floats) -> None:
        """Follow corners of this picture from now on, those before all that are known already."""
        corners = _corners(small)
        old = kept[0] if kept else corners[:0]
        if len(old) and len(corners):
            apart = np.linalg.norm(corners[:, None] - old[None], axis=2).min(axis=1)
            corners = corners[apart > CELL / 4]
        home = _apply(np.linalg.inv(self._now), corners)
        age = np.zeros(len(corners), np.int64)
        if kept:
            corners, home, age = (np.concatenate(pair) for pair in zip(kept, (corners, home, age), strict=True))
        self._key, self._looks = small, 0
        self._corners, self._home, self._age = corners.astype(np.float32), home.astype(np.float32), age


def _grey(image: Image, shrink: int) -> Image:
    height, width = image.shape[0] // shrink, image.shape[1] // shrink
    if shrink > 1:
        whole = image[: height * shrink, : width * shrink]
        image = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def _corners(small: Image) -> Floats:
    """The sharpest corner (x, y) of each cell that has one."""
    sharp = np.asarray(cv2.cornerMinEigenVal(small, 5))
    rows, columns = small.shape[0] // CELL, small.shape[1] // CELL
    if not rows or not columns:
        return np.zeros((0, 2), np.float32)
    blocks = sharp[: rows * CELL, : columns * CELL].reshape(rows, CELL, columns, CELL).swapaxes(1, 2)
    cells = blocks.reshape(rows * columns, CELL * CELL)
    best = cells.argmax(axis=1)
    good = cells[np.arange(len(cells)), best] > FAINTEST
    row, column = np.divmod(np.arange(len(cells)), columns)
    points = np.stack([column * CELL + best % CELL, row * CELL + best // CELL], axis=1)
    return np.asarray(points[good], dtype=np.float32)


def _fitted(home: Floats, now: Floats, near: Floats) -> Floats | None:
    """The homography that most of the pairs agree on, sought near `near`; None when too few agree."""
    if len(home) < FEWEST:
        return None
    x, y = np.median(now - _apply(near, home), axis=0)
    shifted = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ near
    found = _agreed(home, now, near)
    return _agreed(home, now, shifted) if found is None else found


def _agreed(home: Floats, now: Floats, pose: Floats) -> Floats | None:
    for give in (4 * WITH, 2 * WITH, WITH):
        agree = np.linalg.norm(_apply(pose, home) - now, axis=1) < give
        if agree.sum() < max(FEWEST, MAJORITY * len(home)):
            return None
        found, _ = cv2.findHomography(home[agree], now[agree], 0)
        if found is None:
            return None
        pose = found
    size = float(np.linalg.det(pose))
    return np.asarray(pose) if 1 / LARGEST < size < LARGEST else None


def _apply(pose: Floats, points: Floats) -> Floats:
    if not len(points):
        return points
    return np.asarray(cv2.perspectiveTransform(points[None], pose)[0], dtype=np.float32)
