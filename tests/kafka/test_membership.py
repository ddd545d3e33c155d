"""A replica's place in a consumer group, with a real broker."""

import asyncio
from uuid import uuid4

import pytest
from aiokafka.cluster import ClusterMetadata

from shared.kafka.cluster import Cluster
from shared.kafka.membership import membership
from shared.kafka.partitions import PARTITIONS


async def test_who_knew_of_no_topic_when_it_dealt_comes_back_to_all_of_them(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    group, services = f"group-{uuid4()}", {cluster.topic(name): name for name in ("profiles", "opportunities")}
    everything = [(service, number) for service in sorted(services.values()) for number in range(PARTITIONS)]
    async with asyncio.timeout(60):
        with monkeypatch.context() as patched:
            patched.setattr(ClusterMetadata, "partitions_for_topic", lambda *_: None)
            async with membership(cluster, group, services) as member:
                dealt = await member.assigned()
        async with membership(cluster, group, services) as returned:
            assert await returned.assigned() == everything
    assert dealt == everything
