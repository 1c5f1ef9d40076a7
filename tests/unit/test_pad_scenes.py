"""Rendered dance floors: the same every time, and the truth fits the picture."""

from __future__ import annotations

import numpy as np
import pytest

from models.simulate.pads.light import HELD_LIGHTS
from models.simulate.pads.looks import HELD_MODELS, PLANS
from models.simulate.pads.scene import Order, draw_scene


def test_the_same_seed_gives_the_same_picture_and_truth() -> None:
    one, truth = draw_scene(11, Order()).shot(1.3)
    two, again = draw_scene(11, Order()).shot(1.3)
    assert np.array_equal(one, two)
    assert truth == again


@pytest.mark.parametrize("held_out", [False, True])
def test_what_is_held_out_is_never_shown_otherwise(held_out: bool) -> None:
    for seed in range(12):
        scene = draw_scene(seed, Order(held_out=held_out, pads=1))
        look = scene.pads[0].look
        assert ((look.base, look.face) in HELD_MODELS) == held_out
        assert (scene.light.kind in HELD_LIGHTS) == held_out


@pytest.mark.parametrize("pads", [0, 1, 2])
def test_there_are_as_many_pads_as_asked_for(pads: int) -> None:
    scene = draw_scene(3, Order(pads=pads))
    picture, truth = scene.shot(1.0)
    assert picture.shape == (256, 320, 3)
    assert len(truth.pads) == pads
    for pad in truth.pads:
        assert {panel.name for panel in pad.panels} in [set(plan) for plan in PLANS.values()]


def test_a_press_begins_when_a_foot_lands_and_its_panel_is_pressed_then() -> None:
    scene = draw_scene(5, Order(pads=2, dancers=True, double=False, calm=True))
    assert len(scene.presses) > 10
    for press in scene.presses[:8]:
        _, truth = scene.shot(press.t + 0.02)
        assert press.panel in {panel.name for panel in truth.pads[press.pad].panels if panel.pressed}
        body = next(body for body in scene.bodies if press in body.dance.presses)
        assert not body.dance.pose(press.foot, press.t - 0.02).down
        assert body.dance.pose(press.foot, press.t + 0.02).down


def test_nobody_there_means_no_feet() -> None:
    _, truth = draw_scene(8, Order(pads=2, dancers=False, calm=True)).shot(2.0)
    assert truth.feet == ()
    assert all(not panel.pressed for pad in truth.pads for panel in pad.panels)


def test_lit_panels_are_brighter() -> None:
    for seed in range(40):
        scene = draw_scene(seed, Order(pads=1, dancers=False, calm=True))
        if scene.lamps == "play" and not scene.bars and scene.light.kind == "even":
            break
    else:
        pytest.fail("no such scene among these seeds")
    name = scene.pads[0].look.panels[0]
    shown: dict[bool, list[float]] = {False: [], True: []}
    for t in np.arange(0.1, 5, 0.35):
        picture, truth = scene.shot(float(t))
        panel = next(one for one in truth.pads[0].panels if one.name == name)
        x, y, w, h = panel.box.rounded()
        shown[panel.lit].append(float(picture[y + h // 4 : y + 3 * h // 4, x + w // 4 : x + 3 * w // 4].mean()))
    assert np.mean(shown[True]) > np.mean(shown[False]) + 5
