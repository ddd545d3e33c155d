"""`careers export`: what is written, who can read it, and what is refused in a sentence."""

import json
import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.careers import archive
from deploy.careers.main import app
from deploy.local.tokens import Issuer, new_key

RUNNER = CliRunner()
HOSTILE = '</dd><script>alert("x")</script>&'


def item(**told: Any) -> dict[str, Any]:
    return {
        "place": "events",
        "what": "The employee wrote down an aspiration.",
        "type": "profiles.aspiration_recorded.v1",
        "id": "0199d3a0-5c1e-7a3b-9f2e-3d0f6b1c2a4d",
        "recorded_at": "2026-03-01T09:30:00Z",
        "effective_on": "2026-03-01",
        "by": "yourself",
        "origin": "live",
        "named_as": ["person"],
        "values": {"edition": 2, "filled": True, "unit": None},
        "words": {},
        "left_out": {},
        **told,
    }


def told(*items: dict[str, Any]) -> dict[str, Any]:
    return archive.data("E1001", "2026-11-24T10:00:00+00:00", {"profiles": items, "projections": []})


def test_words_do_not_become_markup() -> None:
    page = archive.page(told(item(words={"content": {"text": HOSTILE, HOSTILE: [HOSTILE]}}, by=HOSTILE)))
    assert "<script" not in page
    assert page.count("&lt;script&gt;") == 4


def test_a_page_needs_nothing_else_and_every_link_leads_somewhere() -> None:
    page = archive.page(
        told(item(), item(recorded_at="2027-01-01T00:00:00Z"), item(place="mails", what="A mail", recorded_at=None))
    )
    assert not re.search(r"(src=|https?://|url\()", page)
    links = re.findall(r'href="#([^"]+)"', page)
    assert links == ["profiles", "profiles-2026", "profiles-2027", "profiles-mails", "projections"]
    assert all(f'id="{link}"' in page for link in links)


def test_what_was_left_out_is_said_to_be() -> None:
    page = archive.page(told(item(left_out={"agenda": "about_another_person", "text": "erased"})))
    assert "<dt>agenda</dt><dd>another person&#x27;s words, left out</dd>" in page
    assert "<dt>text</dt><dd>erased</dd>" in page


def test_one_file_that_its_owner_alone_reads(tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"
    archive.write(out, told(item()))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["mine.zip"]
    with zipfile.ZipFile(out) as opened:
        assert json.loads(opened.read("data.json")) == told(item())
        assert opened.read("index.html").decode() == archive.page(told(item()))
    with pytest.raises(FileExistsError):
        archive.write(out, told())


@pytest.mark.parametrize("token", [None, "not-one", "a.b.c"])
def test_it_says_that_it_must_know_whose(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str | None) -> None:
    monkeypatch.delenv("CAREERS_TOKEN", raising=False)
    if token is not None:
        monkeypatch.setenv("CAREERS_TOKEN", token)
    result = RUNNER.invoke(app, ["export", "--out", str(tmp_path / "mine.zip")])
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Of whom?" in result.stderr


def test_it_needs_a_folder_to_write_to(tmp_path: Path) -> None:
    result = RUNNER.invoke(app, ["export", "E1001", "--out", str(tmp_path / "nowhere" / "mine.zip")])
    assert (result.exit_code, result.stderr) == (1, f"There is no folder {tmp_path / 'nowhere'}.\n")


def test_it_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine.zip").write_text("before")
    result = RUNNER.invoke(app, ["export", "--out", str(tmp_path / "mine.zip")])
    assert result.exit_code == 1
    assert (tmp_path / "mine.zip").read_text() == "before"


def test_a_service_that_is_not_there_ends_it_with_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "key").write_bytes(new_key())
    issuer = Issuer(tmp_path / "key", "https://issuer.example")
    monkeypatch.setenv("CAREERS_TOKEN", issuer.for_person("E1001"))
    monkeypatch.setenv("PROFILES_URL", "http://127.0.0.1:9")
    result = RUNNER.invoke(app, ["export", "--out", str(tmp_path / "mine.zip")])
    assert result.exit_code == 1
    assert result.stderr == "Profiles does not answer at http://127.0.0.1:9 (ConnectError).\n"
    assert not (tmp_path / "mine.zip").exists()


def test_its_help_has_an_example() -> None:
    assert "careers export --out" in " ".join(RUNNER.invoke(app, ["export", "--help"]).stdout.split())
