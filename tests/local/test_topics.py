from dataclasses import replace
from uuid import uuid4

import pytest

from deploy.careers import topics
from deploy.careers.topics import Topic, TopicsRefused
from shared.contracts import outward


@pytest.fixture
def wanted() -> list[Topic]:
    """As declared, under a prefix that nobody else has."""
    return topics.declared(f"test-{uuid4().hex[:8]}.")


def test_what_happened_is_kept_for_ever_and_never_compacted() -> None:
    facts = [topic for topic in topics.declared() if topic.config["cleanup.policy"] != "compact"]
    assert [topic.name for topic in facts] == [
        "careers.profiles",
        "careers.conversations",
        "careers.opportunities",
        "careers.notifications",
        "careers.projections",
    ]
    for topic in facts:
        assert topic.partitions == 24
        assert topic.config == {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}


def test_of_what_others_hear_the_newest_revision_of_each_item_is_kept() -> None:
    items = [topic for topic in topics.declared() if topic.name.startswith("hr.")]
    assert {topic.name for topic in items} == {content.topic for content in outward.CONTENTS}
    for topic in items:
        assert topic.partitions == 12
        assert topic.config["cleanup.policy"] == "compact"
        # A superseded revision, and what was buried, is gone two days after at most, and a day for the tombstone.
        assert int(topic.config["segment.ms"]) + int(topic.config["max.compaction.lag.ms"]) == 2 * 86_400_000


async def test_what_is_missing_is_made_and_nothing_differs_then(kafka_servers: str, wanted: list[Topic]) -> None:
    assert [str(each) for each in await topics.differences(kafka_servers, wanted)] == [
        f"{topic.name}: is not there" for topic in wanted
    ]
    await topics.apply(kafka_servers, wanted)
    assert await topics.differences(kafka_servers, wanted) == []
    assert await topics.apply(kafka_servers, wanted) == []


async def test_a_setting_is_brought_back_and_those_of_others_stay(kafka_servers: str, wanted: list[Topic]) -> None:
    [topic, *_] = wanted
    others = replace(topic, config={"retention.ms": "1000", "cleanup.policy": "delete", "segment.bytes": "1048576"})
    await topics.apply(kafka_servers, [others])
    [changed] = await topics.apply(kafka_servers, [topic])
    assert str(changed) == f"{topic.name}: retention.ms is not -1, retention.bytes is not -1"
    assert await topics.differences(kafka_servers, [topic]) == []
    assert await topics.differences(kafka_servers, [replace(topic, config={"segment.bytes": "1048576"})]) == []


async def test_a_keyed_topic_is_not_grown_and_no_other_is_made(kafka_servers: str, wanted: list[Topic]) -> None:
    [topic, another, *_] = wanted
    await topics.apply(kafka_servers, [replace(topic, partitions=3)])
    with pytest.raises(TopicsRefused, match="3 partitions, not 24: a keyed topic is not grown in place"):
        await topics.apply(kafka_servers, [another, topic])
    assert [each.missing for each in await topics.differences(kafka_servers, [another])] == [True]
