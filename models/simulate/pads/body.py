"""Dancers and bystanders as polygons in space: feet in shoes, socks or bare, legs, trunk, arms and head."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from models.simulate.pads.dance import Dance, FootPose
    from models.simulate.sprite import Colour
    from vision.frame import Floats

# Outline of a right sole, shares of its length: forward from the ball, and outwards.
SOLE = np.array(
    [
        [0.30, -0.06],
        [0.27, 0.08],
        [0.12, 0.18],
        [-0.10, 0.17],
        [-0.40, 0.12],
        [-0.62, 0.11],
        [-0.70, 0.0],
        [-0.62, -0.11],
        [-0.40, -0.11],
        [-0.10, -0.16],
        [0.12, -0.19],
        [0.26, -0.15],
    ]
)
ANKLE = -0.5  # of the length, behind the ball
SKINS = ((110, 140, 190), (140, 175, 225), (60, 85, 130), (35, 50, 85), (90, 120, 170))


@dataclass(frozen=True, slots=True)
class Dress:
    """How somebody is built and dressed.

    Attributes:
        foot: length in metres.
        sole, upper, shank, thigh, trunk, skin: colours.
        leg: metres across the shank at the ankle and at the knee.
        kind: "shoe", "sock" or "bare".
    """

    foot: float
    kind: str
    sole: Colour
    upper: Colour
    shank: Colour
    thigh: Colour
    trunk: Colour
    skin: Colour
    leg: tuple[float, float]
    tall: float
    stripe: Colour | None


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A foot to draw, from the first face to the last.

    Attributes:
        faces: points (n, 3) whose convex hull is filled with a colour.
    """

    faces: tuple[tuple[Floats, Colour], ...]

    @property
    def points(self) -> Floats:
        """All points (n, 3)."""
        return np.concatenate([points for points, _ in self.faces])


@dataclass(frozen=True, slots=True, eq=False)
class Limb:
    """A tapering rod between two points (3,), with its radius at either end in metres."""

    start: Floats
    end: Floats
    radii: tuple[float, float]
    colour: Colour


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Somebody on or beside the pads; see `dance.Dance.pose` for where the feet are."""

    dress: Dress
    dance: Dance
    player: int | None

    def feet(self, t: float) -> tuple[FootPose, FootPose]:
        """Left and right."""
        return self.dance.pose(0, t), self.dance.pose(1, t)


def draw_dress(rng: np.random.Generator) -> Dress:
    """A person, as people come."""

    def cloth() -> Colour:
        if rng.random() < 0.5:  # noqa: PLR2004 - half of all clothes have no hue
            level = int(rng.choice([15, 30, 60, 120, 200, 235]) + rng.integers(-12, 13))
            return level, level, level
        b, g, r = (int(c) for c in rng.integers(10, 245, 3))
        return b, g, r

    kind = str(rng.choice(["shoe", "sock", "bare"], p=[0.62, 0.2, 0.18]))
    tone = np.array(SKINS[int(rng.integers(len(SKINS)))]) * rng.uniform(0.85, 1.15)
    skin = (int(tone[0]), int(tone[1]), int(min(255, tone[2])))
    trousers = bool(rng.random() < 0.7)  # noqa: PLR2004 - a share of long trousers
    thigh = cloth()
    upper = skin if kind == "bare" else cloth()
    return Dress(
        foot=float(rng.uniform(0.23, 0.31)),
        kind=kind,
        sole=cloth() if kind == "shoe" else upper,
        upper=upper,
        shank=thigh if trousers else skin,
        thigh=thigh,
        trunk=cloth(),
        skin=skin,
        leg=(
            (float(rng.uniform(0.045, 0.075)), float(rng.uniform(0.055, 0.085)))
            if trousers
            else (float(rng.uniform(0.035, 0.045)), float(rng.uniform(0.05, 0.065)))
        ),
        tall=float(rng.uniform(0.9, 1.1)),
        stripe=cloth() if kind == "shoe" and rng.integers(2) else None,
    )


def foot_part(dress: Dress, pose: FootPose, foot: int) -> Part:
    """A foot: its sole, what is above it, and what makes it a shoe or bare."""
    out = 1 if foot else -1
    length = dress.foot
    sole = SOLE * [length, out * length]
    if dress.kind != "shoe":
        sole = sole * [0.94, 0.86]

    def placed(local: Floats, height: Floats | float) -> Floats:
        cos, sin = np.cos(pose.yaw), np.sin(pose.yaw)
        x = pose.x + local[:, 1] * cos - local[:, 0] * sin
        y = pose.y + local[:, 1] * sin + local[:, 0] * cos
        lift = np.maximum(pose.z + pose.pitch * local[:, 0], 0.0)
        return np.stack([x, y, lift + height], axis=1)

    rise = 0.03 + 0.07 * np.clip(-sole[:, 0] / length, 0, 1)
    thick = 0.03 if dress.kind == "shoe" else 0.008
    below = np.concatenate([placed(sole, 0.0), placed(sole, thick)])
    body = np.concatenate([placed(sole * 0.96, thick), placed(sole * [0.9, 0.62], thick + rise)])
    top = placed(sole * [0.84, 0.5], thick + rise)
    faces = [(below, dress.sole), (body, _lit(dress.upper, 0.85)), (top, _lit(dress.upper, 1.12))]
    if dress.stripe is not None:
        band = np.array([[0.02, -0.1], [0.02, 0.1], [-0.2, 0.08], [-0.2, -0.08]]) * length
        faces.append((placed(band, thick + 0.055), dress.stripe))
    if dress.kind == "bare":
        for toe in range(5):
            v = (-0.13 + 0.062 * toe) * length * out
            u = (0.27 - 0.02 * toe) * length
            nail = np.array([[u, v - 0.006], [u, v + 0.006], [u - 0.02, v + 0.006], [u - 0.02, v - 0.006]])
            faces.append((placed(nail, 0.03), _lit(dress.upper, 1.3 if toe else 1.35)))
    return Part(tuple(faces))


def limbs(body: Body, t: float) -> list[Limb]:
    """Legs, trunk, arms and head at `t`."""
    dress, poses = body.dress, body.feet(t)
    ankles = [_ankle(dress, pose) for pose in poses]
    hip = np.mean(ankles, axis=0) * [1, 1, 0]
    hip += _at(0, -0.02, 0.86 * dress.tall - 0.05 * abs(np.sin(3.1 * t)))
    found = []
    for foot, ankle in enumerate(ankles):
        socket = hip + _at((-0.1, 0.1)[foot], 0, -0.05)
        knee = (ankle + socket) / 2 + _at(0.02 * (-1, 1)[foot], 0.09, 0.03)
        found.append(Limb(ankle + _at(0, 0, 0.02), knee, dress.leg, dress.shank))
        found.append(Limb(knee, socket, (max(0.06, dress.leg[1]), 0.09), dress.thigh))
    neck = hip + _at(0.02 * np.sin(2 * t), 0.03, 0.5 * dress.tall)
    found.append(Limb(hip, neck, (0.12, 0.145), dress.trunk))
    for side in (-1, 1):
        shoulder = neck + _at(0.19 * side, 0, -0.03)
        elbow = shoulder + _at(0.1 * side, 0.03 + 0.06 * np.sin(4 * t + side), -0.22)
        hand = elbow + _at(0.04 * side, 0.16, 0.05 + 0.06 * np.sin(5 * t + side))
        found.append(Limb(shoulder, elbow, (0.05, 0.04), dress.trunk))
        found.append(Limb(elbow, hand, (0.04, 0.03), dress.skin))
    found.append(Limb(neck + _at(0, 0.02, 0.1), neck + _at(0, 0.03, 0.24), (0.075, 0.09), _lit(dress.skin, 0.6)))
    return found


def _at(x: float, y: float, z: float) -> Floats:
    return np.array([x, y, z], float)


def _ankle(dress: Dress, pose: FootPose) -> Floats:
    back = ANKLE * dress.foot
    height = max(pose.z + pose.pitch * back, 0.0) + 0.085
    return np.array([pose.x - back * np.sin(pose.yaw), pose.y + back * np.cos(pose.yaw), height])


def _lit(colour: Colour, factor: float) -> Colour:
    b, g, r = (int(min(255, part * factor)) for part in colour)
    return b, g, r


def rod(start: Floats, end: Floats, radii: tuple[float, float]) -> Floats:
    """The outline of a limb whose ends lie at pixels `start` and `end`, with radii in pixels."""
    circle = np.array([[np.cos(a), np.sin(a)] for a in np.linspace(0, 2 * np.pi, 12, endpoint=False)])
    points = np.concatenate([start + circle * radii[0], end + circle * radii[1]]).astype(np.float32)
    return np.asarray(cv2.convexHull(points)[:, 0])
