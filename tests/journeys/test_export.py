"""A person takes what is theirs, from every running service, in one file."""

import json
import os
import subprocess
import sys
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.journeys.house import TODAY, Caller, House
from tests.journeys.test_erasure import hired

MINE, HIS = "I want to lead conversations with customers", "I introduce you to who leads sales"


def test_a_service_takes_it_for_a_person_with_the_scope_to_read_and_administrators_do_not(house):
    amina, admin = house.hire(), house.person(house.hire().id, "admin")
    for scopes, status in ((["act:read"], 200), (["act:write"], 403)):
        token = house.issuer.on_behalf(amina.id, "portal", scopes=scopes, lifetime=3600)
        for service in house.urls:
            asked = Caller(house, token).get(service, f"/v1/people/{amina.id}/data/{service}")
            assert asked.status == status, (service, asked)
    for service in house.urls:
        assert admin.get(service, f"/v1/people/{amina.id}/data/{service}").code == "not-found"


def test_one_file_has_ones_own_words_of_all_services_and_nobody_elses(house, tmp_path):
    amina, ben, _ = hired(house)
    wish = {"grain": "skill", "certainty": "likely", "text": MINE}
    written = amina.post("profiles", f"/v1/people/{amina.id}/aspirations", wish)
    path = f"/v1/people/{amina.id}/aspirations/{written.id}"
    shared = amina.post("profiles", f"{path}/share", {"audience": "my_manager"})
    assert ben.get("profiles", path, after=shared.after).status == 200
    for party, who, text in (("employee", amina, MINE), ("manager", ben, HIS)):
        promise = {"party": party, "text": text, "due_on": (TODAY + timedelta(days=9)).isoformat()}
        assert who.post("conversations", f"/v1/people/{amina.id}/commitments", promise).status == 201
    seen = f"/v1/people/{amina.id}/aspirations/readers"
    house.until(lambda: amina.get("profiles", seen).body["items"])

    told, whole, page = exported(house, amina, tmp_path / "amina.zip")
    assert told["items"]["profiles"] >= 6
    held = {part["service"]: part["items"] for part in json.loads(whole)["services"]}
    assert list(held) == list(house.urls)
    assert whole.count(MINE) == 3
    assert MINE in page
    assert HIS not in whole + page
    [his] = [one for one in held["conversations"] if one["by"] == ben.id]
    assert his["left_out"] == {"text": "about_another_person"}
    assert [one["values"]["reader"] for one in held["profiles"] if one["place"] == "readers"] == [ben.id]


def exported(house: House, person: Caller, out: Path) -> tuple[dict[str, Any], str, str]:
    """What the command says, and the two files that it wrote."""
    asked = {f"{service.upper()}_URL": url for service, url in house.urls.items()}
    command = [sys.executable, "-m", "deploy.careers.main", "export", "--out", str(out), "--json"]
    done = subprocess.run(
        command,
        env={**os.environ, **asked, "CAREERS_TOKEN": str(person.token)},
        capture_output=True,
        text=True,
        check=True,
    )
    with zipfile.ZipFile(out) as archive:
        return json.loads(done.stdout), archive.read("data.json").decode(), archive.read("index.html").decode()
