"""The story: a career that its owner drives, a manager who supports it, HR who makes it possible and sees the moves."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from deploy.careers.databases import PREFIX
from deploy.demo.callers import Caller, Callers, Unexpected
from deploy.demo.counts import Counts, count, sealed_words
from deploy.demo.organisation import job_history_file, organisation, units_file
from deploy.demo.place import Place
from deploy.demo.screen import Screen
from deploy.demo.sentences import sentences
from deploy.demo.ways import Way, Ways

T = TypeVar("T")

WORDS = "I like finding out why something broke. I want to move from answering customers to testing what we build."
SKILLS = ("customer communication", "fault analysis")
WANTED = ("fault analysis", "test automation", "technical English")


@dataclass(frozen=True, slots=True)
class World:
    """What the story needs around it. `bring` imports files and returns what the job reported."""

    callers: Callers
    ways: Ways
    screen: Screen
    bring: Callable[[Mapping[str, bytes]], Mapping[str, object]]
    place: Place
    employees: Path
    verbose: bool


class Story:
    def __init__(self, world: World, today: date) -> None:
        self._world = world
        self._screen = world.screen
        self._today = today
        self._people = {person.number: person for person in organisation(today)}
        self.amina = self._person("H007")
        self.marc = self._person("H002")
        self.owen = self._person("H003")
        self.lucia = self._person("H006", "hr_partner")
        self.nadia = self._person("H008", "hr_partner")
        self.hr = world.callers.service("hr-system", "imports:write", "people:read")
        self._changes: list[Mapping[str, str]] = []

    def play(self) -> None:
        """From the first file to HR's view. Raises Unexpected when an answer is not what the story needs."""
        self._nobody_is_known()
        self._organisation()
        aspiration = self._aspiration()
        self._conversation()
        self._move()
        self._manager_changes(aspiration)
        self._a_service_is_killed()
        self._timeline()
        self._moves()
        self._words_are_erased()

    def reads(self) -> list[tuple[Caller, str, str]]:
        """Who may go on with which read: service and path."""
        return [
            (self.amina, "projections", "/v1/people/H007/timeline"),
            (self.marc, "profiles", "/v1/people"),
            (self.nadia, "projections", "/v1/moves?kind=department_move&group_by=flow"),
            (self.hr, "profiles", "/v1/people?limit=5"),
        ]

    def _nobody_is_known(self) -> None:
        if self.hr.get("profiles", "/v1/people", limit=1).body["items"]:
            raise Unexpected("People are known here already: the story is for services that were just brought up.")

    def _organisation(self) -> None:
        people = list(self._people.values())
        with self._screen.waiting("HR's files are imported"):
            self._world.bring(
                {
                    "units.csv": units_file(self._today - timedelta(days=6 * 365)),
                    "job_history.csv": job_history_file(people),
                }
            )
            self._assign("H006", "HALDEN")
        countries = len({person.place.country for person in people})
        self._screen.step(
            f"HR sends its files: {len(people)} people of Halden Instruments, {countries} countries, 3 languages."
            " Lucía is their HR partner."
        )
        self._told()

    def _aspiration(self) -> str:
        path = "/v1/people/H007/aspirations"
        wish = self.amina.post(
            "profiles", path, {"grain": "skill", "certainty": "likely", "text": WORDS, "skills": list(SKILLS)}
        )
        self._expect(self.marc, 404, f"{path}/{wish.id}")
        shared = self.amina.post("profiles", f"{path}/{wish.id}/share", {"purpose": "For our talk this week"})
        read = self.marc.get("profiles", f"{path}/{wish.id}", after=shared.after)
        self._screen.step("Amina, care agent in Montréal, writes down what she wants, and shares it with her manager.")
        self._screen.line(f"Marc reads, what a minute ago was 404 for him: “{read.body['content']['text']}”")
        self._told()
        return f"{path}/{wish.id}"

    def _conversation(self) -> None:
        soon = datetime.now(UTC) + timedelta(hours=1)
        talk = self.amina.post(
            "conversations",
            "/v1/people/H007/conversations",
            {"topic": "direction", "proposed_for": soon.isoformat(timespec="seconds"), "agenda": "Care, or testing?"},
        )
        path = f"/v1/conversations/{talk.id}"
        when = self.marc.get("conversations", path).body["proposed_for"]
        self.marc.post("conversations", f"{path}/accept", {"proposed_for": when})
        self.amina.post("conversations", f"{path}/hold")
        rated = {"direction": 4, "self_insight": 4, "options": 3, "confidence": 5}
        self.amina.post("conversations", f"{path}/rate", rated)
        due = (self._today + timedelta(days=30)).isoformat()
        commitments = (
            (self.amina, "employee", "I finish the course on test automation."),
            (self.marc, "manager", "I give Amina four hours a week to learn it."),
            (self.lucia, "hr", "I pay for the course, and tell Amina of openings in Engineering."),
        )
        for who, party, text in commitments:
            made = {"party": party, "text": text, "due_on": due}
            if party != "hr":
                made["conversation"] = talk.id
            who.post("conversations", "/v1/people/H007/commitments", made)
        self._screen.step(
            "They talk; Amina calls it, and rates it for herself. Then each of the three commits to one thing:"
        )
        for who, party, text in commitments:
            self._screen.line(f"{who.name} ({party}): {text}")
        self._told()

    def _move(self) -> None:
        unit = self._unit("ENG")
        posted = self.owen.post(
            "opportunities",
            "/v1/opportunities",
            {
                "kind": "role",
                "unit": unit,
                "title": "Test Engineer",
                "description": "You find out why something broke before a customer does.",
                "skills": list(WANTED),
            },
        )
        applied = self.amina.post(
            "opportunities",
            "/v1/applications",
            {"opportunity": posted.id, "skills": list(SKILLS), "statement": "I know what our customers trip over."},
        )
        path = f"/v1/applications/{applied.id}"
        application = self.owen.get("opportunities", path)
        missing = ", ".join(application.body["missing"])
        self.owen.post("opportunities", f"{path}/shortlist")
        offer = self.owen.get("opportunities", path)
        self.owen.post("opportunities", f"{path}/offer", etag=offer.etag)
        self.amina.post("opportunities", f"{path}/accept-offer")
        case = self.amina.get("opportunities", path).body["move_case"]
        released = self.marc.get("opportunities", f"/v1/move-cases/{case}")
        self.marc.post(
            "opportunities",
            f"/v1/move-cases/{case}/release",
            {"release_on": self._local_today().isoformat()},
            etag=released.etag,
        )
        self.owen.post(
            "opportunities", f"/v1/move-cases/{case}/complete", {"arrived_on": self._local_today().isoformat()}
        )
        self._screen.step("Owen opens a role in Engineering to everybody. Amina applies without a full match:")
        self._screen.line(
            f"missing: {missing}. Nothing is refused for it. Short list, offer, accepted; Marc releases her."
        )
        self._told()

    def _manager_changes(self, aspiration: str) -> None:
        self._changes.append(
            {
                "employee_number": "H007",
                "unit": "ENG",
                "title": "Test Engineer",
                "job_level": "4",
                "reason": "transfer",
                "effective_on": self._local_today().isoformat(),
            }
        )
        with self._screen.waiting("HR's next file is imported"):
            self._world.bring({"job_history.csv": job_history_file(list(self._people.values()), self._changes)})
            self._until(lambda: self._manager_of("H007") == self._id_of("H003"), "Owen is Amina's manager")
        self._expect(self.owen, 404, aspiration)
        self._expect(self.marc, 404, aspiration)
        self._screen.step("HR's next file: Amina works in Engineering. Her manager is Owen now, from this moment on.")
        self._screen.line(
            "What she had shared with Marc as her manager: 404 for Owen, and 404 for Marc, who is it no more."
        )
        [seen] = self._until(
            lambda: self.amina.get("profiles", f"{aspiration}/readers").body["items"], "a read is noted"
        )
        if (seen["reader"], seen["rule"]) != (self._id_of("H002"), "my_manager"):
            raise Unexpected(f"Marc alone has read it, as Amina's manager, and not: {seen}")
        day = date.fromisoformat(seen["last_on"])
        self._screen.line(f"Amina reads who has seen it: Marc, as her manager, on {day:%d %b %Y}.")
        self._told()

    def _a_service_is_killed(self) -> None:
        files = {path.name: path.read_bytes() for path in sorted(self._world.employees.glob("*.csv"))}
        self._world.place.kill_worker()
        with self._screen.waiting("1,000 more people are imported while projections are down and come back"):
            self._world.bring(files)
            for code in _codes(files["departments.csv"]):
                self._assign("H008", code)
            counts = self._counted()
        self._screen.step("The worker that builds timelines is killed, and 1,000 more people are imported meanwhile.")
        doubled = counts.in_kafka - counts.distinct
        self._screen.line(
            f"It is back: {counts.recorded:,} events recorded, {counts.distinct:,} of them in Kafka"
            f" ({doubled} delivered twice), and every one applied once."
        )
        self._world.ways.take()

    def _timeline(self) -> None:
        me = self._id_of("H007")
        entries = self.amina.get("projections", f"/v1/people/{me}/timeline", order="oldest", limit=100).body["items"]
        self._screen.step("Amina's career timeline, as she reads it:")
        self._screen.timeline(sentences(entries))
        seen = self.owen.get("projections", f"/v1/people/{me}/timeline", order="oldest", limit=100).body["items"]
        self._screen.line(f"Owen, her manager, sees {len(seen)} of these {len(entries)}: what is official, no words.")

    def _moves(self) -> None:
        def asked(kind: str, **query: str) -> dict[str, Any]:
            return dict(self.nadia.get("projections", "/v1/moves", kind=kind, **query).body)  # type: ignore[arg-type]

        flows = asked("department_move", group_by="flow")
        titles = asked("title_change")
        left = asked("left")
        self._screen.step("HR's view of the 1,000: who moved where, without anybody's words:")
        cells = flows["cells"]
        self._screen.flows(cells, 5)
        self._screen.line(
            f"{flows['moves']} department moves over {len(cells)} flows, {titles['moves']} title changes,"
            f" {left['moves']} left."
        )

    def _words_are_erased(self) -> None:
        me, counted = self._id_of("H007"), self._moved("H008")
        path = f"/v1/people/{me}/erasures"
        with self._screen.waiting("keys are destroyed, and every service cleans its stores"):
            asked = self.amina.post("profiles", path, {"scope": "words"})
            receipt = self._until(lambda: self._complete(f"{path}/{asked.id}"), "all is erased", seconds=180)
        self._screen.step("Amina takes her words back, all of them, for good:")
        unreadable = sum(
            place["found"] for one in receipt["services"] for place in one["places"] if place["done"] == "unreadable"
        )
        ends = date.fromisoformat(receipt["backups_end_on"])
        self._screen.line(
            f"{receipt['keys_destroyed']} keys are destroyed, and with them the words in {unreadable} events, wherever"
            f" these stand: stores, topics, backups. The last backup of a key ends on {ends:%d %b %Y}."
        )
        sealed = asyncio.run(sealed_words(self._world.place.bootstrap_servers, me))
        self._screen.line(f"What Kafka has of what she wrote down: {sealed[:40]}… No key opens it any more.")
        entries = self.amina.get("projections", f"/v1/people/{me}/timeline", order="oldest", limit=100).body["items"]
        told = ("aspiration_recorded", "commitment_made", "words_erased")
        self._screen.line("Her timeline has the facts, and the words of others:")
        self._screen.timeline(sentences([entry for entry in entries if entry["kind"] in told]))
        if self._moved("H008") != counted:
            raise Unexpected("HR's counts have changed with Amina's words.")
        self._screen.line(f"HR's view is as it was: {counted} department moves.")

    def _moved(self, partner: str) -> int:
        """How many department moves an HR partner counts."""
        caller = self._person(partner, "hr_partner")
        return int(caller.get("projections", "/v1/moves", kind="department_move").body["moves"])

    def _complete(self, path: str) -> dict[str, Any] | None:
        found: dict[str, Any] = self.amina.get("profiles", path).body
        return found if found["state"] == "complete" else None

    # What the steps share

    def _person(self, number: str, *roles: str) -> Caller:
        return self._world.callers.person(number, self._people[number].given, *roles)

    def _expect(self, who: Caller, status: int, path: str) -> None:
        who.get("profiles", path, expect=status)

    def _assign(self, partner: str, code: str) -> None:
        done = self.hr.post(
            "profiles",
            f"/v1/units/{self._unit(code)}/assign-hr-partner",
            {"partner": partner, "effective_on": (self._today - timedelta(days=30)).isoformat()},
        )
        self._shown("profiles", "/v1/people", done.after)

    def _shown(self, service: str, path: str, after: str) -> None:
        """Waits until a read shows what was recorded there, however busy the machine is."""
        self._until(lambda: self.hr.try_get(service, path, after=after, limit=1), f"{after} is visible", seconds=60)

    def _unit(self, code: str) -> str:
        found = self._until(lambda: self._units().get(code), f"unit {code} is there")
        return str(found)

    def _units(self) -> dict[str, str]:
        items = self.hr.get("profiles", "/v1/units", limit=200).body["items"]
        return {unit["code"]: unit["unit"] for unit in items}

    def _id_of(self, number: str) -> str:
        return str(self.hr.get("profiles", f"/v1/people/{number}").body["person"])

    def _manager_of(self, number: str) -> str | None:
        return str(self.hr.get("profiles", f"/v1/people/{number}").body["manager"])

    def _local_today(self) -> date:
        """Amina's day: her place is in Montréal."""
        return datetime.now(ZoneInfo(self._people["H007"].place.time_zone)).date()

    def _counted(self) -> Counts:
        place = self._world.place

        def agreed() -> Counts | None:
            counts = asyncio.run(count(place.database_url, PREFIX, place.bootstrap_servers))
            return counts if counts.agree else None

        return self._until(agreed, "the counts agree", seconds=60)

    def _until(self, look: Callable[[], T | None], what: str, seconds: float = 30) -> T:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(0.1)
        raise Unexpected(f"After {seconds:.0f} s it is still not so that {what}.")

    def _told(self) -> None:
        ways = self._world.ways.take()
        if self._world.verbose:
            self._screen.ways([(way, self._visible(way)) for way in ways])

    def _visible(self, way: Way) -> float | None:
        """Milliseconds from the request until a read of the timeline saw the event."""
        if way.service == "notifications":
            return None
        after = f"{way.service}:{way.partition}:{way.position}"
        self.amina.get("projections", "/v1/people/H007/timeline", after=after, limit=1)
        return (time.time() - way.sent_at) * 1000


def _codes(departments: bytes) -> list[str]:
    return [line.split(",")[0] for line in departments.decode().splitlines()[1:] if line]
