"""Which partition a person, unit or item belongs to: Kafka's own rule, so that any other client finds the same one."""

from struct import Struct
from uuid import UUID

PARTITIONS = 24
"""Of every topic that a service owns, for ever: a keyed topic that grows in place breaks the order of its keys."""

_WORDS = Struct("<9I")  # the text of a UUID: 36 bytes


def partition_of(subject: UUID) -> int:
    """The partition of the events about `subject`, in the topic of any service."""
    return partition_of_key(str(subject).encode())


def partition_of_key(key: bytes) -> int:
    """The partition of a record's key; it must be the text of a UUID."""
    return (_murmur2(key) & 0x7FFFFFFF) % PARTITIONS


def _murmur2(key: bytes) -> int:
    """As org.apache.kafka.common.utils.Utils.murmur2, for 36 bytes only: nothing is left over after the words."""
    value = 0x9747B28C ^ 36
    for word in _WORDS.unpack(key):
        mixed = (word * 0x5BD1E995) & 0xFFFFFFFF
        value = ((value * 0x5BD1E995) & 0xFFFFFFFF) ^ (((mixed ^ (mixed >> 24)) * 0x5BD1E995) & 0xFFFFFFFF)
    value = ((value ^ (value >> 13)) * 0x5BD1E995) & 0xFFFFFFFF
    return value ^ (value >> 15)
