"""Keys are destroyed: what they sealed is unreadable wherever it stands. Their rows stay, as tombstones.

Processes go on with keys in hand for as long as the cache's bound says: an erasure is complete after that.
"""

from dataclasses import dataclass

from shared.contracts.event import PERSONAL_DATA_CLASSES

WORDS = PERSONAL_DATA_CLASSES - {"directory", "employment"}
"""What a person wrote or said: the data classes that go when employment goes on."""


@dataclass(frozen=True, slots=True)
class Retired:
    """Keys of old years, and of how many people: what a run of retention destroyed, what is due, what a hold keeps."""

    keys: int
    people: int
    due_keys: int
    due_people: int
    held_keys: int
    held_people: int
