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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vision.frame import Floats, Image
    from vision.geometry import TextLine

SIDE = 640  # pixels of the long side at which corners are followed, about
CELL = 24  # pixels; one corner is followed in each
FAINTEST = 1e-4  # smaller eigenvalue of a corner worth following
GRAINY = 3.0  # and its least multiple of what noise and moire give everywhere
WINDOW = (13, 13)
AROUND, ALONE = (0.25, 0.45), 20.0  # of the way from the first digit to the last, beside and above; least digit heights
LEVELS = 3  # halvings of the picture at which corners are sought
FEATURES, FEATURE, FAINT = 500, 25, 8  # what is looked at after a knock: how many, their size, least contrast
PRECISE = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 12, 0.02)
WITH = 0.8  # pixels by which a corner may miss and still have gone with the picture
TRUSTED, UNKNOWN = 0.6, 0.3  # share of the last looks in which a corner went along, from which on it counts; at first
LATEST = 0.1  # weight of the newest look
USELESS = 0.15  # and below which it is no longer looked for
FEWEST = 16  # corners that tell a movement
MAJORITY, MINORITY = 0.4, 0.25  # of the corners asked; of those about which nothing is known yet
EXACT, RESTING = 0.1, 0.1  # pixels by which a corner of a cable's picture misses at most; share of them that tells one
MANY = 80  # corners that tell perspective too
STIFF = 12.0  # corners' worth of belief that the picture has only been shifted
PATIENCE = 3  # looks in vain before the picture is taken for another one
WORN = 0.6  # share of corners that still go along below which there are new ones
FRESH = 30  # looks for which a reference picture is kept at least
STILL = 0.12  # pixels below which the usual corner has not moved; noise moves them less
CALM = 0.4  # pixels that the usual corner may stray in a picture that stands still on the whole
CALM_LOOKS = 45  # looks without a movement after which the picture is taken to stand still
REST, WARY = 1.0, 0.25  # seconds between looks at a picture that stands still, and when it may have moved
LARGEST = 3.0  # times by which a picture may have grown or shrunk; beyond that the homography is nonsense


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
        self._faith: Floats = np.zeros(0)
        self._attended = (-np.inf, np.inf, -np.inf, np.inf)
        self._otherwise = 0.0
        self._shrink = 1
        self._looks = 0
        self._calm, self._calm_at = 0, self._now
        self._vain = 0
        self._looked = float("-inf")

    def follow(self, t: float, image: Image, *, doubt: bool = True) -> Floats | None:
        """Look at the picture at `t` seconds, unless it has stood still lately; sooner when in `doubt`.

        Returns:
            the pose.
        """
        if self._calm > CALM_LOOKS and t - self._looked < (WARY if doubt else REST):
            return self.pose
        self._looked = t
        self._shrink = shrink = max(1, round(max(image.shape[:2]) / SIDE))
        small = _grey(image, shrink)
        if self._key is not None and self._key.shape != small.shape:
            self.__init__()  # type: ignore[misc]  # another source
        if self._key is None:
            self._refer(small)
            return self.pose
        before = self._now
        self._vain = 0 if self._step(small) or self._leap(small) else self._vain + 1
        self.lost = self._vain >= PATIENCE or len(self._corners) < FEWEST
        if self.lost:
            self._now = self._then
            self._refer(small)
        if not self._vain or self.lost:
            self._last = small
        if self.lost or self._apart(self._now, self._calm_at) > CALM:
            self._calm, self._calm_at = 0, self._now
        elif not self._vain:
            self._calm += 1
        if self._now is self._then:
            self.pose = self.settled
        elif self._now is not before:
            self.pose = np.diag([shrink, shrink, 1.0]) @ self._now @ np.diag([1 / shrink, 1 / shrink, 1.0])
        return self.pose

    def attend(self, lines: Sequence[TextLine]) -> None:
        """Follow what is around these lines (at least one, in pixels of the first picture) should it move by itself."""
        wide = max(line.right for line in lines) - min(line.left for line in lines)
        reach = max(wide, ALONE * max(line.height for line in lines))
        self._attended = (
            min(line.left for line in lines) - AROUND[0] * reach,
            max(line.right for line in lines) + AROUND[0] * reach,
            min(line.middle for line in lines) - AROUND[1] * reach,
            max(line.middle for line in lines) + AROUND[1] * reach,
        )

    def _near(self) -> NDArray[np.bool_]:
        """Which corners are around what is attended to."""
        x, y = (self._home * self._shrink).T
        left, right, top, bottom = self._attended
        return np.asarray((x > left) & (x < right) & (y > top) & (y < bottom))

    def _pool(self) -> NDArray[np.bool_]:
        """Which corners to go by: all, or those attended to once they turned out to move otherwise."""
        near = self._near()
        alone = self._otherwise > TRUSTED and int(near.sum()) >= 2 * FEWEST
        return near if alone else np.ones(len(self._home), np.bool_)

    def _compare(self, seen: NDArray[np.bool_], now: Floats, pose: Floats) -> None:
        """Take note of whether what is attended to moves otherwise than the picture as a whole."""
        near = seen & self._near()
        if self._otherwise > TRUSTED or int(near.sum()) < 2 * FEWEST or near.all():
            return
        with_all = float((np.linalg.norm(_apply(pose, self._home[near]) - now[near], axis=1) < WITH).mean())
        own = None if with_all > MINORITY else _fitted(self._home[near], now[near], pose, MINORITY)
        event = False
        if own is not None:
            with_own = float((np.linalg.norm(_apply(own, self._home[near]) - now[near], axis=1) < WITH).mean())
            event = with_own > 2 * with_all
        self._otherwise += LATEST * (event - self._otherwise)

    def settle(self) -> None:
        """Take the present place for the one to return to, because what was looked for is there."""
        self._then, self.settled = self._now, self.pose

    @property
    def strayed(self) -> float:
        """How far the usual corner is from where it was in the first picture, pixels."""
        return self._shrink * self._apart(self._now, np.eye(3))

    def rebase(self) -> None:
        """Take the last picture for the first one from now on."""
        self._home = _apply(self._now, self._home)
        self._now = self._then = self._calm_at = np.eye(3)
        self.pose = self.settled = None

    def back(self) -> None:
        """Return there: what was looked for is where it was, though corners have moved, as menus do."""
        self._now, self.pose = self._then, self.settled
        self._key = self._last = None

    def _leap(self, small: Image) -> bool:
        """Take another look after a knock, where something is known that can have been moved by one."""
        if int((self._faith[self._pool()] >= TRUSTED).sum()) < FEWEST:
            return False
        jump = _jump(self._last, small)
        return jump is not None and self._step(small, jump)

    def _step(self, small: Image, jump: Floats | None = None) -> bool:
        """Take one look, after such a jump; whether the movement could be told."""
        self._looks += 1
        if self._key is None or len(self._corners) < FEWEST:
            return False
        near = self._now if jump is None else jump @ self._now
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
        pool = self._pool()
        seen = (found.ravel() > 0) & pool
        off = np.linalg.norm(_apply(self._now, self._home) - now, axis=1)
        at_rest = seen & self._near()
        if int((off[at_rest] < EXACT).sum()) >= max(FEWEST, RESTING * int(at_rest.sum())):
            self._judge(small, now, found.ravel() > 0)
            return True
        asked = seen & (self._faith >= TRUSTED)
        known = int(asked.sum()) >= FEWEST
        asked = asked if known else seen
        share = MAJORITY if known and jump is None else MINORITY
        pose = _fitted(self._home[asked], now[asked], near, share)
        if pose is None:
            return False
        if pool.all():
            self._compare(seen, now, pose)
        self._now = next((old for old in (self._now, self._then) if self._apart(old, pose) < STILL), pose)
        self._judge(small, now, found.ravel() > 0)
        return True

    def _judge(self, small: Image, now: Floats, found: NDArray[np.bool_]) -> None:
        """Believe more in corners that went along, and less in others; look for new ones when few are left."""
        went = found & (np.linalg.norm(_apply(self._now, self._home) - now, axis=1) < WITH)
        self._faith += LATEST * (went - self._faith)
        if self._looks <= FRESH:
            return
        if went.sum() < max(MANY, WORN * len(went)):
            kept = went & (self._faith >= TRUSTED)
            self._refer(small, now[kept], self._home[kept], self._faith[kept])
        else:  # what has never gone along is the game
            kept = self._faith > USELESS
            self._corners, self._home, self._faith = self._corners[kept], self._home[kept], self._faith[kept]

    def _apart(self, one: Floats, two: Floats) -> float:
        """How far apart two poses put the usual corner, pixels."""
        if one is two or not len(self._home):
            return 0.0
        return float(np.median(np.linalg.norm(_apply(one, self._home) - _apply(two, self._home), axis=1)))

    def _refer(self, small: Image, *kept: Floats) -> None:
        """Follow corners of this picture from now on, those before all that are known already."""
        corners = _corners(small)
        old = kept[0] if kept else corners[:0]
        if len(old) and len(corners):
            apart = np.linalg.norm(corners[:, None] - old[None], axis=2).min(axis=1)
            corners = corners[apart > CELL / 4]
        home = _apply(np.linalg.inv(self._now), corners)
        faith = np.full(len(corners), UNKNOWN)
        if kept:
            corners, home, faith = (np.concatenate(pair) for pair in zip(kept, (corners, home, faith), strict=True))
        self._key, self._looks = small, 0
        self._corners, self._home, self._faith = corners.astype(np.float32), home.astype(np.float32), faith


def _grey(image: Image, shrink: int) -> Image:
    height, width = image.shape[0] // shrink, image.shape[1] // shrink
    if shrink > 1:
        whole = image[: height * shrink, : width * shrink]
        image = np.asarray(cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.GaussianBlur(grey, (3, 3), 0) if shrink == 1 else grey, dtype=np.uint8)


def _jump(old: Image | None, new: Image) -> Floats | None:
    """How the picture as a whole has moved, however far (ORB features); None when that cannot be told."""
    if old is None or min(new.shape) < FEATURE:
        return None
    seer = cv2.ORB.create(FEATURES, fastThreshold=FAINT, patchSize=FEATURE, edgeThreshold=FEATURE)
    (here, one), (there, two) = (seer.detectAndCompute(each, None) for each in (old, new))
    if len(here) < FEWEST or len(there) < FEWEST:
        return None
    pairs = cv2.BFMatcher(cv2.NORM_HAMMING, crossCheck=True).match(one, two)
    if len(pairs) < FEWEST:
        return None
    before = np.array([here[pair.queryIdx].pt for pair in pairs], np.float32)
    after = np.array([there[pair.trainIdx].pt for pair in pairs], np.float32)
    move, agree = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=4 * WITH)
    return None if move is None or agree.sum() < FEWEST else np.vstack([move, [0, 0, 1]])


def _corners(small: Image) -> Floats:
    """The sharpest corner (x, y) of each cell that has one."""
    half = cv2.resize(small, (small.shape[1] // 2, small.shape[0] // 2), interpolation=cv2.INTER_AREA)
    sharp = np.asarray(cv2.cornerMinEigenVal(half, 3))
    side = CELL // 2
    rows, columns = sharp.shape[0] // side, sharp.shape[1] // side
    if not rows or not columns:
        return np.zeros((0, 2), np.float32)
    blocks = sharp[: rows * side, : columns * side].reshape(rows, side, columns, side).swapaxes(1, 2)
    cells = blocks.reshape(rows * columns, side * side)
    best = cells.argmax(axis=1)
    good = cells[np.arange(len(cells)), best] > max(FAINTEST, GRAINY * float(np.median(sharp)))
    row, column = np.divmod(np.arange(len(cells)), columns)
    points = np.stack([column * side + best % side, row * side + best // side], axis=1) * 2 + 0.5
    return np.asarray(points[good], dtype=np.float32)


def _fitted(home: Floats, now: Floats, near: Floats, share: float) -> Floats | None:
    """The pose that so large a share of the pairs agrees on: `near`, or as far from there as the usual pair, or any."""
    if len(home) < FEWEST:
        return None
    expected = _apply(near, home)
    x, y = np.median(now - expected, axis=0)
    found = _agreed(home, now, near, max(share, MAJORITY))
    if found is None:
        found = _agreed(home, now, np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ near, max(share, MAJORITY))
    if found is None:
        rough, _ = cv2.estimateAffinePartial2D(expected, now, ransacReprojThreshold=2 * WITH)
        found = None if rough is None else _agreed(home, now, np.vstack([rough, [0, 0, 1]]) @ near, share)
    return found


def _agreed(home: Floats, now: Floats, pose: Floats, share: float) -> Floats | None:
    for give in (4 * WITH, 2 * WITH, WITH):
        agree = np.linalg.norm(_apply(pose, home) - now, axis=1) < give
        if agree.sum() < max(FEWEST, share * len(home)):
            return None
        pose = _least_squares(home[agree], now[agree], pose)
    size = float(np.linalg.det(pose))
    return pose if 1 / LARGEST < size < LARGEST else None


def _least_squares(home: Floats, now: Floats, pose: Floats) -> Floats:
    """A better pose; few corners move it as a whole rather than turn and stretch it."""
    if len(home) >= MANY:
        found, _ = cv2.findHomography(home, now, 0)
        if found is not None:
            return np.asarray(found)
    at = _apply(pose, home).astype(np.float64)
    middle = at.mean(axis=0)
    arm = np.hstack([at - middle, np.ones((len(at), 1))])
    normal = arm.T @ arm + np.diag([STIFF * SIDE**2 / 12, STIFF * SIDE**2 / 12, 0])
    change = np.linalg.solve(normal, arm.T @ (now - at))
    turn = np.eye(2) + change[:2].T
    shift = middle + change[2] - turn @ middle
    return np.asarray(np.vstack([np.hstack([turn, shift[:, None]]), [0, 0, 1]]) @ pose)


def _apply(pose: Floats, points: Floats) -> Floats:
    if not len(points):
        return points
    return np.asarray(cv2.perspectiveTransform(points[None], pose)[0], dtype=np.float32)
