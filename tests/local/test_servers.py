import asyncpg
from aiokafka.admin import AIOKafkaAdminClient


async def test_a_fresh_database_is_empty_and_durable(fresh_database: str) -> None:
    connection = await asyncpg.connect(fresh_database)
    try:
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
        assert await connection.fetchval("show fsync") == "on"
        assert await connection.fetchval("show synchronous_commit") == "on"
        assert int(await connection.fetchval("show server_version_num")) >= 180000
    finally:
        await connection.close()


async def test_kafka_makes_no_topic_by_itself(kafka_servers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_servers)
    await admin.start()
    try:
        [found] = await admin.describe_topics(["nobody-made-this"])
        assert found["error_code"] == 3
    finally:
        await admin.close()
