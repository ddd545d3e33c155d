"""The rules of a notification: told once, read by its person alone."""

from uuid import UUID

from services.notifications.notification import DECIDER, ReadNotification, TellPerson, notification_id
from shared.contracts.notifications import NotificationRead, NotificationSent
from shared.refusals import NotFound
from tests.deciders.scenario import scenario

given = scenario(DECIDER)

CAUSE, TALK, ANA, MAX = UUID(int=9), UUID(int=8), UUID(int=1), UUID(int=2)
MESSAGE = notification_id(CAUSE, ANA)

tell = TellPerson(MESSAGE, ANA, "conversation_requested", TALK, CAUSE, ("inbox", "email"), "fr", {"who": str(MAX)})
sent = NotificationSent(
    notification=MESSAGE,
    person=ANA,
    kind="conversation_requested",
    about=TALK,
    cause=CAUSE,
    channels=("inbox", "email"),
    language="fr",
    details={"who": str(MAX)},
)
read = NotificationRead(notification=MESSAGE, person=ANA)


def test_a_person_is_told() -> None:
    given().when(tell).then(sent)


def test_nobody_is_told_the_same_twice() -> None:
    given(sent).when(tell).then()
    given(sent, read).when(tell).then()


def test_one_event_and_one_person_make_one_notification() -> None:
    assert notification_id(CAUSE, ANA) == MESSAGE
    assert notification_id(CAUSE, MAX) != MESSAGE
    assert notification_id(TALK, ANA) != MESSAGE


def test_it_is_read_once() -> None:
    given(sent).when(ReadNotification(ANA)).then(read)
    given(sent, read).when(ReadNotification(ANA)).then()


def test_for_others_there_is_nothing_to_read() -> None:
    given(sent).when(ReadNotification(MAX)).refused(NotFound)
    given().when(ReadNotification(ANA)).refused(NotFound)
