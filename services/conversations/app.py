"""How conversations is put together."""

from services.conversations import api_commitments, api_conversations, api_outcomes
from services.conversations.commitment_list import CommitmentList, Commitments
from services.conversations.conversation import SHARING
from services.conversations.conversation_list import ConversationList, Conversations
from services.conversations.endings import Endings
from services.conversations.erasing import ends
from services.conversations.partners import Partners
from shared.access import matrix
from shared.audit.api import add_readers
from shared.export import add_export
from shared.http import Routes
from shared.kafka.freshness import Waits
from shared.relations.model import Relations
from shared.service import Parts, Service, Settings, Work
from shared.sharing import Openings, Shares, Sharings


def add_routes(routes: Routes, parts: Parts) -> None:
    """Everything that conversations answers."""
    relations, conversations, commitments, shares, openings = models(parts)
    with routes.waiting_for(Waits(parts.freshness, relations, conversations)):
        api_conversations.add_routes(
            routes,
            parts.streams,
            parts.relations,
            partners=Partners(parts.pool, parts.relations),
            listed=ConversationList(parts.pool, parts.relations, parts.audit),
            sealer=parts.sealer,
            audit=parts.audit,
        )
        add_readers(routes, "conversations", parts, access=matrix.READ_CONVERSATION_READERS)
    with routes.waiting_for(Waits(parts.freshness, relations, shares, openings)):
        fresh, openings_fresh = parts.freshness.of(Shares.name), parts.freshness.of(Openings.name)
        sharings = Sharings(
            SHARING, parts.pool, parts.relations, parts.sealer, parts.audit, fresh=fresh, openings_fresh=openings_fresh
        )
        api_outcomes.add_routes(routes, parts.streams, parts.relations, sharings, parts.sealer)
    # What a manager reads of the ledger depends on the conversations that it came from.
    with routes.waiting_for(Waits(parts.freshness, relations, conversations, commitments)):
        listed = CommitmentList(parts.pool, parts.relations, parts.sealer, parts.audit)
        api_commitments.add_routes(routes, parts.streams, parts.relations, listed)
    add_export(routes, "conversations", parts)


def work(parts: Parts) -> Work:
    """What the worker keeps up to date, and what it looks after."""
    endings = Endings(parts.pool, parts.relations, parts.streams)
    return Work(models=models(parts), tasks={"endings": endings.run})


def models(parts: Parts) -> tuple[Relations, Conversations, Commitments, Shares, Openings]:
    """What is kept from the stream."""
    return Relations(parts.sealer), Conversations(), Commitments(), Shares(SHARING), Openings()


SERVICE = Service(
    name="conversations",
    description="Career conversations and their outcomes; what employee, manager and HR each commit to.",
    settings=Settings,  # made from the environment
    schemas=(Conversations.name, Commitments.name, Shares.name, Openings.name),
    add_routes=add_routes,
    work=work,
    worker_appends=True,
    ends_with_erasure=ends,
)
