"""A camera in front of the cabinet: where it stands, how it is held, and what it does to the light."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from vision.frame import Floats, Image

ROOM_GRAIN = 9  # blocks of furniture along the picture's short side
BEZEL = 0.035  # width of the display's frame, shares of the screen's width
SHARPEST = 0.45  # pixels of blur that any lens leaves
BRIGHT = 160.0  # levels
WITHIN = 0.95  # of the picture that the screen takes at most
WAVES = 3  # slow movements of a hand on top of each other


@dataclass(frozen=True, slots=True)
class Camera:
    """One way of filming a screen. Everything random follows from `seed`.

    Attributes:
        size: width and height of the camera's picture.
        yaw, pitch, roll: degrees from straight in front of the screen.
        share: width of the screen, had it been filmed from the front, as a share of the picture's.
        field: horizontal angle of view, degrees.
        sway: pixels that a hand moves the picture, up to about twice that.
        bumps: seconds at which somebody knocks against the camera, after which it looks elsewhere.
        knock: pixels by which a bump moves the picture.
        blur: pixels, standard deviation.
        noise: levels, standard deviation.
        glare: levels that a lamp's reflection adds at its centre.
        moire: levels of the pattern between the screen's dots and the sensor's, where the screen is bright.
        band: share of brightness lost in a dark bar that wanders over the picture.
        drift: share by which brightness wanders.
        room: levels of the brightest thing around the screen.
    """

    seed: int = 0
    size: tuple[int, int] = (1280, 720)
    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    share: float = 0.8
    field: float = 55.0
    sway: float = 0.0
    bumps: tuple[float, ...] = ()
    knock: float = 30.0
    blur: float = 0.6
    noise: float = 3.0
    glare: float = 0.0
    moire: float = 0.0
    band: float = 0.0
    drift: float = 0.0
    room: float = 60.0

    def quad(self, t: float, aspect: float = 16 / 9) -> Floats:
        """Corners (4, 2) of the screen in the picture at `t` seconds, clockwise from the top left."""
        width, height = self.size
        focal = width / 2 / np.tan(np.radians(self.field / 2))
        half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * [0.5, 0.5 / aspect]
        yaw, pitch, roll = np.radians([self.yaw, self.pitch, self.roll])
        turned = np.c_[half, np.zeros(4)] @ _turn(yaw, 1).T @ _turn(pitch, 0).T @ _turn(roll, 2).T
        distance = focal / (self.share * width)
        seen = turned[:, :2] / (turned[:, 2:] + distance) * focal
        seen *= min(1.0, WITHIN / max(np.ptp(seen, axis=0) / [width, height]))
        middle = (seen.max(axis=0) + seen.min(axis=0)) / 2
        shift, spin = self._hand(t)
        cos, sin = np.cos(spin), np.sin(spin)
        swung = (seen - middle) @ np.array([[cos, sin], [-sin, cos]])
        return np.asarray(swung + np.array([width, height]) / 2 + shift)

    def film(self, screen: Image, t: float) -> Image:
        """What the camera sees of `screen` at `t` seconds."""
        width, height = self.size
        shift, spin = self._hand(t)
        swung = (
            cv2.getRotationMatrix2D((width / 2, height / 2), -np.degrees(spin), 1.0) + np.c_[np.zeros((2, 2)), shift]
        )
        room = _room(self.seed, width, height, self.room)
        canvas = cv2.warpAffine(room, swung, self.size, borderMode=cv2.BORDER_REFLECT).astype(np.uint8)
        tall, wide = screen.shape[:2]
        corners = self.quad(t, wide / tall).astype(np.float32)
        plan = np.array([[0, 0], [wide, 0], [wide, tall], [0, tall]], dtype=np.float32)
        rim = plan + BEZEL * wide * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]], dtype=np.float32)
        rim = cv2.perspectiveTransform(rim[None].astype(np.float32), cv2.getPerspectiveTransform(plan, corners))[0]
        cv2.fillConvexPoly(canvas, (rim * 16).round().astype(np.int32), (9, 8, 8), cv2.LINE_AA, 4)
        lit = _averaged(screen, corners, wide)
        plan = plan * (lit.shape[1] / wide)
        pose = cv2.getPerspectiveTransform(plan.astype(np.float32), corners)
        mask = cv2.warpPerspective(np.full(lit.shape[:2], 255, np.uint8), pose, (width, height))
        flat = cv2.warpPerspective(lit, pose, (width, height), borderMode=cv2.BORDER_REPLICATE)
        canvas = np.where(mask[..., None] > 127, flat, canvas).astype(np.uint8)  # noqa: PLR2004 - half covered
        return self._expose(canvas, t)

    def _hand(self, t: float) -> tuple[Floats, float]:
        """Pixels and radians by which the picture has moved at `t` seconds."""
        rng = np.random.default_rng([self.seed, 1])
        rates, phases = rng.uniform(0.15, 2.2, (WAVES, 3)), rng.uniform(0, 6.3, (WAVES, 3))
        waves = np.sin(2 * np.pi * rates * t + phases).mean(axis=0) * np.array([1, 1, 0.002]) * 2 * self.sway
        for bump in self.bumps:
            way = rng.uniform(0, 2 * np.pi)
            if t >= bump:
                waves += self.knock * np.array([np.cos(way), np.sin(way), rng.uniform(-0.001, 0.001)])
        return waves[:2], float(waves[2])

    def _expose(self, canvas: Image, t: float) -> Image:
        width, height = self.size
        light = cv2.GaussianBlur(canvas, (0, 0), max(SHARPEST, self.blur)).astype(np.float32)
        rng = np.random.default_rng([self.seed, 2])
        if self.moire:
            pattern = _pattern(self.seed, width, height, *np.round(self._hand(t)[0], 2).tolist())
            light += self.moire / BRIGHT * pattern * light
        if self.glare:
            light += self.glare * _lamp(self.seed, width, height)
        if self.band:
            rows = np.arange(height) / height - t * rng.uniform(0.1, 0.6)
            light *= (1 - self.band * (0.5 + 0.5 * np.cos(2 * np.pi * rows)) ** 4).astype(np.float32)[:, None, None]
        light *= np.float32(1 + self.drift * np.sin(t * rng.uniform(0.3, 1.0)))
        if self.noise:
            grain = np.random.default_rng([self.seed, 3, round(t * 1000)])
            cells = grain.standard_normal((height // 2 + 8, width + 8, 1), dtype=np.float32)
            light[: height // 2 * 2] += self.noise * np.concatenate(
                [cells[: height // 2, :width], cells[8 : height // 2 + 8, 8 : width + 8]]
            )
        return np.asarray(np.clip(light, 0, 255).astype(np.uint8))


def handheld(seed: int, size: tuple[int, int] = (1280, 720), steepest: float = 45.0) -> Camera:
    """A camera as a visitor may hold it, up to `steepest` degrees off the axis; the seed decides how."""
    rng = np.random.default_rng([seed, 4])
    angle, way = steepest * np.sqrt(rng.random()), rng.uniform(0, 2 * np.pi)
    return Camera(
        seed=seed,
        size=size,
        yaw=angle * np.cos(way),
        pitch=angle * 0.6 * np.sin(way),
        roll=rng.normal(0, 2.5),
        share=rng.uniform(0.6, 0.92),
        field=rng.uniform(40, 70),
        sway=rng.choice([0.0, 1.5, 4.0]),
        blur=rng.uniform(0.4, 1.0),
        noise=rng.uniform(1, 6),
        glare=rng.choice([0.0, rng.uniform(20, 90)]),
        moire=rng.choice([0.0, rng.uniform(2, 10)]),
        band=rng.choice([0.0, rng.uniform(0.05, 0.25)]),
        drift=rng.choice([0.0, 0.12]),
        room=rng.uniform(10, 140),
    )


def _turn(angle: float, axis: int) -> Floats:
    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.eye(3)
    one, two = [other for other in range(3) if other != axis]
    turn[one, one] = turn[two, two] = cos
    turn[one, two], turn[two, one] = -sin, sin
    return turn


def _averaged(screen: Image, corners: Floats, wide: int) -> Image:
    """The screen shrunk in whole steps to about what the camera resolves; a warp alone would alias."""
    seen = max(np.linalg.norm(corners[1] - corners[0]), np.linalg.norm(corners[2] - corners[3]))
    if seen > wide / 1.25:
        return screen
    tall = max(2, round(screen.shape[0] * 1.25 * float(seen) / wide))
    size = (max(2, round(1.25 * float(seen))), tall)
    return np.asarray(cv2.resize(screen, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


@lru_cache(maxsize=4)
def _room(seed: int, width: int, height: int, brightest: float) -> Image:
    rng = np.random.default_rng([seed, 5])
    rows, columns = ROOM_GRAIN, ROOM_GRAIN * width // height + 1
    blocks = rng.uniform(0.05, 1, (rows, columns, 3)) * rng.uniform(0.1, 1, (rows, columns, 1)) * brightest
    room = cv2.resize(blocks.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), 2.5).astype(np.uint8))


@lru_cache(maxsize=4)
def _lamp(seed: int, width: int, height: int) -> Floats:
    rng = np.random.default_rng([seed, 6])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32) / width
    centre = rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.45)
    reach = rng.uniform(0.04, 0.15)
    return np.asarray(np.exp(-((x - centre[0]) ** 2 + (y - centre[1]) ** 2) / (2 * reach**2))[..., None])


@lru_cache(maxsize=4)
def _pattern(seed: int, width: int, height: int, right: float, down: float) -> Floats:
    """Waves that run along when the picture moves by so little as a pixel."""
    rng = np.random.default_rng([seed, 7])
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    along, across = rng.uniform(0.05, 0.5, 2)
    bend = rng.uniform(-1, 1) * 2e-4
    phase = rng.uniform(1, 3, 2) @ np.array([right, down])
    waves = np.sin(along * x + across * y + bend * x * y + np.float32(phase))[..., None]
    return np.asarray(waves * rng.uniform(0.4, 1, 3).astype(np.float32))
