"""A dozen kills and some freezes, as `make faults` does hundreds of them."""

from pathlib import Path

import pytest

from deploy.local import instance
from deploy.local.folder import Folder
from tests.faults.plan import KILLS, OTHERS, plan
from tests.faults.report import report
from tests.faults.run import Wanted, run

SHORT = Wanted(
    seed=20, kills=12, seconds=18, callers=6, units=2, employees=8, longest=3.0, second=("conversations", "projections")
)


@pytest.mark.timeout(400)  # it takes less than a minute on a machine of its own
async def test_a_dozen_kills_under_load_lose_nothing_and_double_nothing(tmp_path: Path):
    told: list[str] = []
    try:
        outcome = await run(tmp_path / "house", SHORT, told.append)
    finally:
        instance.forget(Folder(tmp_path / "house"))
    assert outcome.kills == SHORT.kills, told
    assert outcome.ledger.acknowledged(), told
    assert outcome.clean, "\n".join([*told, report(outcome)])


def test_a_plan_follows_from_its_seed_and_has_every_kind():
    faults = plan(7, 200, 600)
    assert faults == plan(7, 200, 600)
    assert faults != plan(8, 200, 600)
    assert sum(fault.kills for fault in faults) == 200
    assert {fault.kind for fault in faults} == {*KILLS, *OTHERS}
    assert [fault.at for fault in faults] == sorted(fault.at for fault in faults)
    assert all(1 <= fault.seconds <= 20 for fault in faults if fault.kind.endswith("frozen"))
