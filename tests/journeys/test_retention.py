"""`careers retention`, from outside: it says what would end, ends it, and each erasure has its receipt."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from tests.journeys.house import TODAY


@pytest.mark.timeout(400)
def test_who_left_long_ago_is_erased_by_the_command_and_has_a_receipt(house):
    admin = house.person(house.hire().id, "admin")
    gone = house.hire()
    house.told(f"/v1/people/{gone.id}/leave", {"left_on": (TODAY - timedelta(days=800)).isoformat()})

    def careers(*options: str):
        command = [sys.executable, "-m", "deploy.careers.main", "retention", "run", "--json", *options]
        env = {**os.environ, "PROFILES_URL": house.urls["profiles"], "CAREERS_TOKEN": admin.token}
        told = json.loads(subprocess.run(command, env=env, capture_output=True, text=True, check=False).stdout)
        return {rule["rule"]: rule for rule in told["rules"]}

    would = careers("--dry-run")["after_leaving"]
    assert would["due_people"] >= 1
    assert admin.get("profiles", f"/v1/people/{gone.id}/erasures").body["items"] == []
    assert careers()["after_leaving"]["people"] >= 1
    [erasure] = admin.get("profiles", f"/v1/people/{gone.id}/erasures").body["items"]
    assert erasure["ground"] == "end_of_retention"
    receipt = f"/v1/people/{gone.id}/erasures/{erasure['erasure']}"
    house.until(lambda: admin.get("profiles", receipt).body["state"] == "complete", 300)  # after whoever else had left
    assert admin.get("profiles", f"/v1/people/{gone.id}").status == 404

    def nobody_is_due() -> bool:
        """Who had left when HR imported them may be heard of only now."""
        careers()
        return bool(careers("--dry-run")["after_leaving"]["due_people"] == 0)

    house.until(nobody_is_due, 300)
