"""A career, played through a client that was made from careers.json: the employee drives it, the manager supports it,
the leader of another unit opens a role. docs/integrating.md says how `careers_client` is made, and the variables.
"""

import os
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from careers_client import AuthenticatedClient
from careers_client.api.applications import accept_offer, apply, make_offer, read_application, shortlist_application
from careers_client.api.conversations import accept_conversation, hold_conversation
from careers_client.api.move_cases import complete_move, read_move_case, release_move
from careers_client.api.opportunities import post_opportunity
from careers_client.api.people import (
    read_aspiration,
    read_timeline,
    record_aspiration,
    request_conversation,
    share_aspiration,
)
from careers_client.models import (
    AcceptBody,
    ApplyBody,
    ArrivalBody,
    AspirationBody,
    ConversationsHoldBody,
    PostBody,
    Problem,
    ReleaseBody,
    RequestBody,
    ShareBody,
)


class Clients:
    """One client a service, for one person. Each service has its own address; behind one origin, one is enough."""

    def __init__(self, token: str) -> None:
        self.profiles = _client("PROFILES_URL", token)
        self.conversations = _client("CONVERSATIONS_URL", token)
        self.opportunities = _client("OPPORTUNITIES_URL", token)
        self.projections = _client("PROJECTIONS_URL", token)


def _client(url: str, token: str) -> AuthenticatedClient:
    return AuthenticatedClient(base_url=os.environ[url], token=token, raise_on_unexpected_status=True)


def told(answer: Any) -> Any:
    """What was answered; a refusal is a problem document, whose code programs look at."""
    if isinstance(answer.parsed, Problem):
        raise SystemExit(f"{answer.status_code.value} {answer.parsed.code}: {answer.parsed.detail}")
    return answer.parsed


person = os.environ["EMPLOYEE"]
employee, manager, leader = (Clients(os.environ[f"{who}_TOKEN"]) for who in ("EMPLOYEE", "MANAGER", "LEADER"))
now = datetime.now(UTC)

wish = AspirationBody.from_dict({"grain": "skill", "certainty": "likely", "text": "I like finding out why it broke."})
written = told(record_aspiration.sync_detailed(person, client=employee.profiles, body=wish))
given = ShareBody(purpose="For our talk")
shared = told(share_aspiration.sync_detailed(person, written.id, client=employee.profiles, body=given))
read = told(read_aspiration.sync_detailed(person, written.id, client=manager.profiles, after=shared.after))
sys.stderr.write(f"The manager reads: {read.content['text']}\n")

soon = now + timedelta(hours=1)
wanted = RequestBody.from_dict({"topic": "direction", "proposed_for": soon.isoformat()})
talk = told(request_conversation.sync_detailed(person, client=employee.conversations, body=wanted)).id
told(accept_conversation.sync_detailed(talk, client=manager.conversations, body=AcceptBody(proposed_for=soon)))
told(hold_conversation.sync_detailed(talk, client=employee.conversations, body=ConversationsHoldBody()))

role = PostBody.from_dict(
    {
        "kind": "role",
        "unit": os.environ["UNIT"],
        "title": "Test Engineer",
        "description": "You find out why something broke before a customer does.",
        "skills": ["test automation"],
    }
)
opportunity = told(post_opportunity.sync_detailed(client=leader.opportunities, body=role)).id
statement = ApplyBody(opportunity=opportunity, skills=["fault analysis"], statement="I know what customers trip over.")
application = told(apply.sync_detailed(client=employee.opportunities, body=statement)).id
told(shortlist_application.sync_detailed(application, client=leader.opportunities))
listed = read_application.sync_detailed(application, client=leader.opportunities)
told(make_offer.sync_detailed(application, client=leader.opportunities, if_match=listed.headers["etag"]))
told(accept_offer.sync_detailed(application, client=employee.opportunities))
move = told(read_application.sync_detailed(application, client=employee.opportunities)).move_case
agreed = read_move_case.sync_detailed(move, client=manager.opportunities)
release = ReleaseBody(release_on=now.date())
told(release_move.sync_detailed(move, client=manager.opportunities, body=release, if_match=agreed.headers["etag"]))
arrival = ArrivalBody(arrived_on=now.date())
done = told(complete_move.sync_detailed(move, client=leader.opportunities, body=arrival))

timeline = told(read_timeline.sync_detailed(person, client=employee.projections, limit=100, after=done.after))
for entry in reversed(timeline.items):
    sys.stdout.write(f"{entry.kind.value}\n")
