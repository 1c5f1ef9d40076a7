"""Devices that were let in, as the tests need them: the agent's own way in, without the agent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contract.ids import DeviceId
from edge_agent.enrolment.ask import Applicant, Waiting, ask
from edge_agent.enrolment.identity import Identity, Wallet

if TYPE_CHECKING:
    from pathlib import Path

    import httpx


def token(cloud: httpx.Client, device: str | None) -> str:
    """A one-use token."""
    answer = cloud.post("/api/v1/approvals/tokens", json={"device": device})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["secret"])


def enrol(cloud: httpx.Client, device: str, folder: Path) -> Identity:
    """A device with a certificate."""
    wallet = Wallet(folder / device)
    applicant = Applicant(DeviceId(device), token=token(cloud, device))
    made = ask(str(cloud.base_url), applicant, wallet.waiting_key(), wallet)
    assert not isinstance(made, Waiting)
    return made


def broker_of(identity: Identity) -> tuple[str, int]:
    """Where the device finds the broker."""
    host, _, port = identity.place.broker.partition("://")[2].rpartition(":")
    return host, int(port)
