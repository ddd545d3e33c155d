"""A career timeline in words: one sentence for each kind of entry."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

Entry = Mapping[str, Any]

_PARTIES = {"employee": "the employee", "manager": "the manager", "hr": "HR"}
_SENTENCES: Mapping[str, Callable[[Entry], str]] = {
    "person_joined": lambda _: "joined the organisation",
    "person_left": lambda _: "last day in the organisation",
    "person_rejoined": lambda _: "came back",
    "place_taken": lambda entry: f"began as {entry['title']} in {entry['unit']}",
    "place_changed": lambda entry: f"became {entry['title']} in {entry['unit']}",
    "aspiration_recorded": lambda entry: f"wrote down: “{_word(entry, 'text')}”",
    "aspiration_shared": lambda entry: f"shared it with {_audience(entry)}",
    "words_erased": lambda _: "took her words back",
    "conversation_held": lambda entry: f"talked about {entry['details'].get('topic', 'their career')}",
    "outcomes_rated": lambda entry: f"rated the talk: {_ratings(entry)}",
    "outcomes_shared": lambda entry: f"shared that rating with {_audience(entry)}",
    "commitment_made": lambda entry: (
        f"{_PARTIES.get(entry['details']['party'], 'somebody')} committed: “{_word(entry, 'text')}”"
    ),
    "application_submitted": lambda entry: f"applied for {entry['title']}",
    "application_shortlisted": lambda entry: f"was put on the short list for {entry['title']}",
    "offer_made": lambda entry: f"was offered {entry['title']}",
    "offer_accepted": lambda entry: f"accepted {entry['title']}",
    "move_agreed": lambda entry: f"a move to {entry['unit']} was agreed",
    "move_released": lambda _: "was released for the move",
    "move_completed": lambda entry: f"arrived in {entry['unit']}",
}


def sentences(entries: list[Entry]) -> list[tuple[str, str]]:
    """Day and sentence of each entry, in the order given."""
    return [(date.fromisoformat(entry["effective_on"]).strftime("%d %b %Y"), _sentence(entry)) for entry in entries]


def _sentence(entry: Entry) -> str:
    known = _SENTENCES.get(entry["kind"])
    return known(entry) if known else str(entry["kind"]).replace("_", " ")


def _word(entry: Entry, name: str) -> str:
    return str((entry["content"] or {}).get(name, "…"))


def _audience(entry: Entry) -> str:
    shared = (entry.get("audience") or {}).get("audience", "somebody")
    return {"my_manager": "her manager", "my_hr_partner": "her HR partner"}.get(shared, "somebody")


def _ratings(entry: Entry) -> str:
    given = (entry["content"] or {}).get("outcomes") or {}
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in given.items()) or "in confidence"
