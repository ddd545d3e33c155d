"""Any Kafka client that follows the default rule finds the partition that we say."""

import random
from uuid import UUID

from aiokafka.partitioner import murmur2

from shared.kafka.partitions import PARTITIONS, partition_of


def test_the_partition_of_a_person_is_the_one_that_kafkas_own_rule_gives() -> None:
    seed = random.Random(7)
    for _ in range(2_000):
        person = UUID(int=seed.getrandbits(128), version=4)
        assert partition_of(person) == (murmur2(str(person).encode()) & 0x7FFFFFFF) % PARTITIONS


def test_the_rule_is_pinned() -> None:
    assert partition_of(UUID("9f3a2c64-0d1b-4f3e-8a57-5b1c2d3e4f60")) == 17
