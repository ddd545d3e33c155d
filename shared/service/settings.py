"""The environment of a process."""

import base64
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.kafka.cluster import Cluster


class Settings(BaseSettings):
    """The environment of a process. `*_file` name files that only this service reads."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    database_url: str
    keys_url: str
    kafka_bootstrap_servers: str
    issuer_url: str
    master_key_file: Path
    secret_file: Path
    """32 bytes in base64, this service's own, the same in all its processes and for ever."""
    audience: str = "careers"
    person_claim: str = "sub"
    person_alias: str = "employee_number"
    topic_prefix: str = "careers."
    instance: str = "1"
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 0
    log_level: str = "info"

    @property
    def secret(self) -> bytes:
        """Raises OSError, ValueError."""
        secret = base64.b64decode(self.secret_file.read_text().strip(), validate=True)
        if len(secret) != 32:
            raise ValueError("SECRET_FILE must hold 32 bytes in base64")
        return secret

    @property
    def cluster(self) -> Cluster:
        return Cluster(self.kafka_bootstrap_servers, self.instance, self.topic_prefix)
