"""The environment of a process."""

import base64
from pathlib import Path
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.groups import FLOOR, Minimum
from shared.http.limits import Rate
from shared.kafka.cluster import Cluster
from shared.sealing.folder import FolderKms, folder_of
from shared.sealing.keyring import KeyRing
from shared.sealing.keys import SECONDS, SIZE
from shared.sealing.kms import Kms, Succession

Limit = Annotated[
    Rate | None, NoDecode, BeforeValidator(lambda given: Rate.parse(given) if isinstance(given, str) else given)
]


class KmsSettings(BaseSettings):
    """Where the master keys are: for a service, and for the operator's command."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    kms_url: str | None = None
    """file:///the/folder/ of a KMS. With a MASTER_KEY_FILE too, it takes over from that: its keys only unwrap."""
    master_key_file: Annotated[Path | None, Field(validate_default=True)] = None
    """Master keys, 32 bytes in base64, one a line: the first wraps, the others unwrap. Read again when it changed."""

    @field_validator("kms_url")
    @classmethod
    def _names_a_folder(cls, url: str | None) -> str | None:
        if url is not None:
            folder_of(url)
        return url

    @field_validator("master_key_file")
    @classmethod
    def _one_at_least(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is None and info.data.get("kms_url") is None:
            raise ValueError("MASTER_KEY_FILE or KMS_URL is needed")
        return file

    @property
    def kms(self) -> Kms:
        """Raises OSError, ValueError."""
        ring = None if self.master_key_file is None else KeyRing(self.master_key_file)
        folder = None if self.kms_url is None else FolderKms(self.kms_url)
        if folder is not None and ring is not None:
            return Succession(folder, ring)
        found = folder or ring
        if found is None:
            raise ValueError("MASTER_KEY_FILE or KMS_URL is needed")
        return found


class Settings(KmsSettings):
    """The environment of a process. `*_file` name files that only this service reads."""

    database_password_file: Path | None = None
    """Holds the password of both URLs, where these have none of their own."""
    database_url: str
    keys_url: str
    kafka_bootstrap_servers: str
    issuer_url: str
    secret_file: Path
    """32 bytes in base64, this service's own, the same in all its processes and for ever."""
    key_cache_seconds: Annotated[float, Field(ge=0, le=3600)] = SECONDS
    """How long a process goes on using a data key that was destroyed meanwhile: an erasure waits for as long."""
    key_cache_size: Annotated[int, Field(ge=1)] = SIZE
    """Data keys in memory, for sealing and as many for unsealing."""
    group_minimum: Annotated[int, Field(ge=FLOOR)] = Minimum().counts
    """How many people a figure about a group is about at least."""
    group_minimum_feelings: Annotated[int, Field(ge=FLOOR)] = Minimum().feelings
    """The same for figures of what people feel or wrote."""
    audience: str = "careers"
    person_claim: str = "sub"
    person_alias: str = "employee_number"
    topic_prefix: str = ""
    """Before the names of topics and groups, where a Kafka is shared."""
    instance: str = "1"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: str = "info"
    rate_person: Limit = Rate(50, 200)
    """What one person may send to one api process: so many a second, so many at once; 0 is no limit."""
    rate_service: Limit = Rate(500, 2000)
    """The same for a service account, for itself and on behalf of people."""
    rate_address: Limit = Rate(200, 1000)
    """The same for an address, of requests whose token was not seen before, or that have none."""

    @field_validator("database_url", "keys_url")
    @classmethod
    def _whole(cls, url: str, info: ValidationInfo) -> str:
        file: Path | None = info.data.get("database_password_file")
        return url if file is None else with_password(url, file)

    @property
    def secret(self) -> bytes:
        """Raises OSError, ValueError."""
        secret = base64.b64decode(self.secret_file.read_text().strip(), validate=True)
        if len(secret) != 32:
            raise ValueError("SECRET_FILE must hold 32 bytes in base64")
        return secret

    @property
    def minimum(self) -> Minimum:
        return Minimum(self.group_minimum, self.group_minimum_feelings)

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.kafka_bootstrap_servers, self.instance, self.topic_prefix)


def with_password(url: str, file: Path) -> str:
    """A database's URL with the password that a file holds, unless it has one. Raises ValueError."""
    parts = urlsplit(url)
    if parts.password is not None:
        return url
    try:
        password = file.read_text().strip()
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}") from error
    return parts._replace(
        netloc=f"{parts.username}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    ).geturl()
