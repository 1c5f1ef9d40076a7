from __future__ import annotations

import asyncio

from control_plane.api.hub import MAX_WAITING, Hub, Notice


async def heard(hub: Hub, notices: list[Notice], *, devices: str = "", matches: str = "", kinds: str = "") -> list[str]:
    """What a page hears of `notices`, up to the one named last."""
    stream = hub.listen(devices=devices.split(), matches=matches.split(), kinds=kinds.split())
    assert await anext(stream) is None
    await asyncio.to_thread(hub.publish, [*notices, Notice("last", "{}")])
    told = []
    async for notice in stream:
        if notice is None or notice.event == "last":
            break
        told.append(notice.event)
    await stream.aclose()  # type: ignore[attr-defined]
    return told


async def test_a_page_hears_what_it_asked_for() -> None:
    notices = [
        Notice("a", "{}", device="left", match="m1"),
        Notice("b", "{}", device="right", match="m2"),
        Notice("c", "{}", device="left"),
        Notice("d", "{}"),
    ]
    assert await heard(Hub(), notices) == ["a", "b", "c", "d"]
    assert await heard(Hub(), notices, devices="left") == ["a", "c", "d"]
    assert await heard(Hub(), notices, matches="m2") == ["b", "c", "d"]
    assert await heard(Hub(), notices, devices="left right") == ["a", "b", "c", "d"]
    assert await heard(Hub(), notices, kinds="b d last") == ["b", "d"]


async def test_a_page_that_cannot_keep_up_is_told_to_read_again() -> None:
    hub = Hub()
    stream = hub.listen()
    await anext(stream)
    hub.publish([Notice("x", "{}")] * (MAX_WAITING + 10))
    await asyncio.sleep(0)
    notice = await anext(stream)
    assert notice is not None
    assert notice.event == "resync"
    await stream.aclose()  # type: ignore[attr-defined]


async def test_what_nobody_listens_to_need_not_be_prepared() -> None:
    hub = Hub()
    assert not hub.wants("device")
    streams = [hub.listen(kinds=["match"], matches=["m1"]), hub.listen(kinds=["device"], devices=["left"])]
    for stream in streams:
        await anext(stream)
    asked = [
        ("match", "", "m1"),
        ("match", "", "m2"),
        ("device", "left", ""),
        ("device", "right", ""),
        ("steps", "left", ""),
    ]
    assert [hub.wants(event, device=device, match=match) for event, device, match in asked] == [
        True, False, True, False, False,
    ]  # fmt: skip
    for stream in streams:
        await stream.aclose()  # type: ignore[attr-defined]


async def test_closing_ends_every_stream_and_leaves_nobody() -> None:
    hub = Hub()

    async def listen() -> int:
        return len([notice async for notice in hub.listen()])

    pages = [asyncio.create_task(listen()) for _ in range(3)]
    await asyncio.sleep(0)
    assert hub.watched
    hub.close()
    assert await asyncio.wait_for(asyncio.gather(*pages), 2) == [1, 1, 1]
    assert not hub.watched


def test_a_notice_is_a_server_sent_event() -> None:
    assert Notice("match", '{"a": 1}').text() == 'event: match\ndata: {"a": 1}\n\n'
