"""What each process of the product is told on this machine: its environment, made of the folder's ports and secrets."""

import base64
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deploy.careers import databases
from deploy.careers.services import KINDS, SERVICES
from deploy.local import postgres
from deploy.local.folder import Folder, read_json
from deploy.local.ports import ports
from deploy.local.tokens import new_key

HOST = "127.0.0.1"
SERVERS = ("postgres", "kafka", "kafka-controller", "issuer", "smtp", "mail")


@dataclass(frozen=True, slots=True)
class Settings:
    """`given` are the variables of whoever called: servers that they name are used, and not started."""

    folder: Folder
    ports: Mapping[str, int]
    given: Mapping[str, str]

    @property
    def database_url(self) -> str:
        """The administrator's."""
        return self.given.get("DATABASE_URL") or postgres.admin_url(self.folder, self.ports["postgres"])

    @property
    def kafka(self) -> str:
        return self.given.get("KAFKA_BOOTSTRAP_SERVERS") or f"{HOST}:{self.ports['kafka']}"

    @property
    def issuer_url(self) -> str:
        return f"http://{HOST}:{self.ports['issuer']}"

    def url(self, part: str) -> str:
        return f"http://{HOST}:{self.ports[part]}"

    def for_operator(self, asked: Sequence[str]) -> dict[str, str]:
        """What `.local/env` holds, for the names of servers and services that were asked for."""
        services = [name for name in SERVICES if name in asked]
        found = {f"{service.upper()}_URL": self.url(f"{service}-api") for service in services}
        if services or "kafka" in asked:
            found["KAFKA_BOOTSTRAP_SERVERS"] = self.kafka
        if services or "postgres" in asked:
            found["DATABASE_URL"] = self.database_url
        return found | ({"ISSUER_URL": self.issuer_url, "MAIL_URL": self.url("mail")} if services else {})

    def for_preparation(self) -> dict[str, str]:
        """What `careers databases prepare` and `careers topics apply` need."""
        return {
            "DATABASE_URL": self.database_url,
            "DATABASE_PREFIX": self._prefix,
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            **{databases.password_variable(name): password for name, password in self._passwords().items()},
        }

    def for_service(self, service: str, kind: str) -> dict[str, str]:
        """For `python -m services.<service> <kind>`; `migrate` is one of the kinds, and has no port."""
        part = f"{service}-{kind}"
        return {
            **databases.urls(self.database_url, self._prefix, self._passwords())[service],
            "KAFKA_BOOTSTRAP_SERVERS": self.kafka,
            "ISSUER_URL": self.issuer_url,
            "MASTER_KEY_FILE": str(self.folder.secret("master-key", lambda: base64.b64encode(os.urandom(32)))),
            "SECRET_FILE": str(self.folder.secret(f"secret-{service}", lambda: base64.b64encode(os.urandom(32)))),
            "SMTP_URL": f"smtp://{HOST}:{self.ports['smtp']}",
            "HOST": HOST,
            "INSTANCE": f"{part}-1",
            "NO_PROXY": f"{HOST},localhost",
            **({"PORT": str(self.ports[part])} if part in self.ports else {}),
        }

    @property
    def _prefix(self) -> str:
        return self.given.get("DATABASE_PREFIX", databases.PREFIX)

    def _passwords(self) -> dict[str, str]:
        names = (*SERVICES, databases.KEYS)
        return {
            name: self.given.get(databases.password_variable(name))
            or self.folder.secret(f"database-{name}").read_text()
            for name in names
        }


class NeverUp(Exception):
    """This folder has no servers; the message says what to do."""


def settings_now(folder: Folder, given: Mapping[str, str]) -> Settings:
    """With the ports that the folder's servers have. Raises NeverUp."""
    known: dict[str, int] | None = read_json(folder.ports)
    if known is None:
        raise NeverUp("Nothing was started here yet: `make up` does.")
    return Settings(folder, known, given)


def settings(folder: Folder, given: Mapping[str, str]) -> Settings:
    """With free ports; call it while the folder's servers are down. Raises NoPortFree."""
    processes = [f"{service}-{kind}" for service in SERVICES for kind in KINDS]
    folder.secret("issuer", new_key)
    return Settings(folder, ports(folder, (*SERVERS, *processes)), given)
