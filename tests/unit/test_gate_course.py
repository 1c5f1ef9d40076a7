from __future__ import annotations

from control_plane.domain.gate import Evidence, Terms, Verdict, judge
from control_plane.domain.gate_course import course

TERMS = Terms(margin=0.05, devices=4, matches=3)
PLAYED = [(f"d{n % 5}", 0.2 + 0.01 * (n % 7)) for n in range(200)]


def test_the_course_ends_with_the_gates_own_word() -> None:
    told = course(TERMS, PLAYED, most=17)
    whole: dict[str, Evidence] = {}
    for device, difference in PLAYED:
        whole[device] = whole.get(device, Evidence()).plus(difference, TERMS.bound)
    assert told[-1] == judge(TERMS, whole.values())
    assert told[-1].verdict is Verdict.ABORT
    assert len(told) <= 17
    assert [each.matches for each in told] == sorted(each.matches for each in told)


def test_there_is_no_course_before_there_is_anything_to_say() -> None:
    assert course(TERMS, PLAYED[:10]) == []
    assert course(TERMS, []) == []
