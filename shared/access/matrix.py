"""The rules, a row for each kind of record and what is done with it.

A row of words has no route: it says who may receive what people wrote, in whichever answer it stands. Relations are
judged as of now at every read. Nobody acts as HR partner upon themselves. A vacant post has no manager; who stands in
for one, chosen by the employee, is the manager, but releases nobody. Who stands in for a manager or HR partner who is
away, by delegation, reads what is for the relation, and does nothing in their place (docs/decisions/0013).
"""

from shared.access.rules import Row, Who, allowed, anybody_but, not_allowed, part, row, theirs

_SELF, _MANAGER, _FORMER, _PARTNER = Who.SELF, Who.MANAGER, Who.FORMER_MANAGER, Who.PARTNER
_STAND_IN, _HR_STAND_IN = Who.STAND_IN, Who.HR_STAND_IN
_HR, _OTHER_HR, _ANALYST, _ADMIN = Who.HR_PARTNER, Who.OTHER_HR_PARTNER, Who.HR_ANALYST, Who.ADMIN
_LEADER, _LEFT, _SERVICE, _ACTING = Who.LEADER, Who.LEFT, Who.SERVICE, Who.ACTING

_OWN = "It is theirs."
_REPORTS = "HR's administrators, and its systems by the scope `imports:write`."
_OFFICIAL = "What is official is said by HR alone."
_OF_THEIR_UNITS = "Moves from or to units of their own: a population is not handed on."
_SEEN = "The employee alone is told who can see and who has seen what is theirs: days and counts, not moments."

# People, delegations, units, imports

READ_PERSON = row(
    "people",
    "look up name, address, place and manager",
    allowed(_SELF, _MANAGER, _HR, why="They work with them: oneself, one's team, one's population."),
    allowed(_STAND_IN, _HR_STAND_IN, why="The team or population of whom they stand in for."),
    allowed(_ADMIN, _SERVICE, why="The whole directory, by role or by the scope `people:read`: it holds no words."),
)
REPORT_PERSON = row(
    "people",
    "report joining, places, names, managers, leaving",
    allowed(_ADMIN, _SERVICE, why=f"{_REPORTS} Nobody makes themselves manager by a command."),
    refused=_OFFICIAL,
)
NAME_INTERIM_PARTNER = row(
    "people",
    "say who stands in for a missing manager",
    allowed(_SELF, why="A person without a manager chooses who stands in; nobody chooses for them."),
)
GIVE_DELEGATION = row(
    "delegations",
    "say who stands in for them",
    allowed(_SELF, why="Who is away says for themselves who stands in, until when."),
)
READ_DELEGATION = row(
    "delegations",
    "read those that they gave",
    allowed(_SELF, why=_OWN),
    allowed(_ADMIN, why="They can end it, so they find it."),
    theirs(_PARTNER, why="The one by which they stand in, not the list."),
)
END_DELEGATION = row(
    "delegations",
    "end one that they gave",
    allowed(_SELF, why="Who is back ends it."),
    allowed(_ADMIN, why="For who cannot: somebody ill, say."),
)
WORDS_OF_DELEGATIONS = row("delegations", "read why they are away", allowed(_SELF, why="A note for themselves."))
READ_STAND_INS = row(
    "delegations",
    "read who stands in towards them",
    allowed(_SELF, why="The employee is told who reads what they share: for whom, and until when."),
)
READ_UNIT = row(
    "units",
    "read",
    allowed(*Who, why="Who leads which unit is official and known to all; a service account needs `people:read`."),
)
REPORT_UNIT = row(
    "units",
    "report units, leaders and HR partners",
    allowed(_ADMIN, _SERVICE, why=f"{_REPORTS} Nobody makes themselves leader or HR partner by a command."),
    refused=_OFFICIAL,
)
IMPORT = row(
    "imports",
    "send HR's files, read what became of them",
    allowed(_ADMIN, _SERVICE, why=f"{_REPORTS} Reports say where a file is wrong, never what stands there."),
    refused=_OFFICIAL,
)

# Export, retention, erasure, switches, notes of reads

EXPORT = row(
    "export",
    "take all that is held about them",
    allowed(_SELF, why="With others' words left out; also once they have left. Nobody takes it for them."),
)
READ_RETENTION = row(
    "retention",
    "read how long what is kept",
    allowed(*anybody_but(_SERVICE), why="Everybody is told how long what is held about them is kept."),
)
RUN_RETENTION = row(
    "retention",
    "end what is over, read what ended",
    allowed(_ADMIN, why="By the policy alone, but for who is on legal hold: numbers, no words."),
    refused="Retention is run by administrators.",
)

REQUEST_ERASURE = row(
    "erasures",
    "ask for one",
    allowed(_SELF, why="Their own words, without giving a reason, unless a hold forbids it."),
    allowed(_ADMIN, why="Somebody's words with a ground for it, and all that leads to who has left."),
)
READ_ERASURE = row(
    "erasures",
    "read how far it is, and its receipt",
    allowed(_SELF, _ADMIN, why="Who may ask for one: places and counts, no words."),
)
CHANGE_HOLD = row(
    "erasures",
    "forbid them by law, and allow them again",
    allowed(_ADMIN, why="A hold is the law's, not the person's nor a manager's."),
    refused="Holds are placed and lifted by administrators.",
)
READ_HOLD = row(
    "erasures",
    "read why they are forbidden",
    allowed(_SELF, why="Who cannot have their words erased is told why."),
    allowed(_ADMIN, why="They placed it."),
)
SWITCH_MEASURE = row(
    "switches",
    "turn a measure of people's behaviour on or off",
    allowed(_ADMIN, why="With a reason that everybody in the legal entity reads."),
    refused="Measures are switched by administrators.",
)
READ_SWITCHES = row(
    "switches",
    "read those of a legal entity",
    allowed(_SELF, why="Whoever is measured knows by what, and why."),
    allowed(_ADMIN, why="They switch them."),
    theirs(
        *anybody_but(_SELF, _ADMIN, _SERVICE, _ACTING),
        why="Everybody reads those of the legal entity to which they belong.",
    ),
)
READ_OWN_SWITCHES = row(
    "switches", "read those where one belongs", allowed(_SELF, why="Whoever is measured knows by what, and why.")
)
LOOK_UP_READS = row(
    "notes of reads",
    "list what a person has read",
    allowed(
        _ADMIN,
        why="For a case with a number, where the person's legal entity has `audit_by_reader` turned on; they read by"
        " whom and for which case.",
    ),
    refused="What somebody has read is listed by administrators.",
)

# Aspirations

WRITE_ASPIRATION = row(
    "aspirations",
    "write, share, take back",
    allowed(_SELF, why="The employee alone decides what they want and who reads it."),
)
READ_ASPIRATION = row(
    "aspirations",
    "read",
    allowed(_SELF, why=_OWN),
    theirs(
        *(_MANAGER, _PARTNER, _HR),
        why="What the employee shares with them, in the edition that was shared, until the day that was set or the"
        " employee leaves, and as long as they are what it was shared with them as.",
    ),
    theirs(
        *(_STAND_IN, _HR_STAND_IN),
        why="What is shared with whoever is the manager, or with the HR partner, while they stand in for them; nothing"
        " that was shared with a person by name.",
    ),
    theirs(_LEADER, why="What an applicant sends to them, while the application is open."),
)
READ_ASPIRATION_AUDIENCE = row("aspirations", "read who can see it and who has seen it", allowed(_SELF, why=_SEEN))
WORDS_OF_PURPOSES = row(
    "aspirations", "read the purpose of a sharing", allowed(_SELF, why="A note of the employee for themselves.")
)

# Conversations

REQUEST_CONVERSATION = row(
    "conversations",
    "ask for one",
    allowed(_SELF, why="With whomever they like."),
    allowed(_MANAGER, why="With themselves, as the manager of now."),
)
HOLD_CONVERSATION = row(
    "conversations",
    "answer, move, call off, hold, rate",
    allowed(_SELF, why=_OWN),
    theirs(_MANAGER, _FORMER, _PARTNER, _LEFT, _HR, why="Those in which they are a party."),
)
READ_CONVERSATION = row(
    "conversations",
    "read who, when and in which state",
    allowed(_SELF, why=_OWN),
    theirs(
        *(_MANAGER, _FORMER, _PARTNER, _LEFT, _HR),
        why="Those in which they are a party; dates and states stay with both.",
    ),
)
SEE_CONVERSATIONS_HELD = row(
    "conversations",
    "see that one was held",
    allowed(_SELF, why=_OWN),
    allowed(
        *(_HR, _HR_STAND_IN),
        why="Where the employee's legal entity has `hr_sees_conversations` turned on: its day and kind, not with whom;"
        " else it is not there.",
    ),
)
LIST_CONVERSATIONS = row("conversations", "list, see what is due", allowed(_SELF, why="Everybody lists their own."))
WORDS_OF_CONVERSATIONS = row(
    "conversations",
    "read what the employee said there",
    allowed(_SELF, why=_OWN),
    theirs(
        *(_MANAGER, _PARTNER, _HR),
        why="Where it was said to them, as long as they are what it was said to, and neither has left.",
    ),
)
WORDS_OF_PARTNERS = row(
    "conversations",
    "read what the other party said there",
    allowed(_SELF, why="It was said to them."),
    theirs(_MANAGER, _FORMER, _PARTNER, _LEFT, _HR, why="What they said themselves: that stays theirs."),
)
SHARE_OUTCOMES = row(
    "conversations",
    "share the employee's rating, take that back",
    allowed(_SELF, why="The employee alone decides who reads it."),
)
_RATED = (
    allowed(_SELF, why="Whoever rated reads their own."),
    theirs(
        *(_MANAGER, _PARTNER, _HR),
        why="What the employee shares with them, as an aspiration; not by being a party.",
    ),
    theirs(*(_STAND_IN, _HR_STAND_IN), why="What is shared with the relation, as an aspiration."),
    theirs(_LEADER, why="What an applicant sends to them, while the application is open."),
)
READ_OUTCOMES = row("conversations", "read how the employee rated one", *_RATED)
OUTCOMES = row("conversations", "read the employee's rating itself", *_RATED)
READ_OUTCOMES_AUDIENCE = row(
    "conversations", "read who can see a rating and who has seen it", allowed(_SELF, why=_SEEN)
)
READ_CONVERSATION_READERS = row("conversations", "read who has seen them", allowed(_SELF, why=_SEEN))

# Commitments

MAKE_COMMITMENT = row(
    "commitments",
    "commit to something for a career",
    allowed(_SELF, _MANAGER, _HR, why="The three parties, each as what they are now."),
)
MARK_COMMITMENT = row(
    "commitments",
    "say what became of it",
    theirs(
        *(_SELF, _MANAGER, _FORMER, _HR),
        why="Those that they made, also when they are not manager or HR partner any more.",
    ),
)
READ_COMMITMENT = row(
    "commitments",
    "read dates and what became of it",
    allowed(_SELF, why="All of it is promised to them."),
    theirs(
        *(_MANAGER, _FORMER, _HR),
        why="Those that they made; what the employee committed to in a conversation with them as manager; of managers"
        " before them, or of other HR partners, dates alone.",
    ),
)
LIST_COMMITMENTS = row(
    "commitments",
    "list those to a career",
    allowed(_SELF, why="All of it is promised to them."),
    part(_MANAGER, _FORMER, _HR, why="Those that each of them may read; a former manager those that they made."),
)
LIST_OWNED_COMMITMENTS = row("commitments", "list what one committed to", allowed(_SELF, why="Each their own."))
WORDS_OF_COMMITMENTS = row(
    "commitments",
    "read the words",
    allowed(_SELF, why="All of it is promised to them."),
    theirs(_MANAGER, _FORMER, _HR, why="Their own, and what the employee committed to in a conversation with them."),
)

# Opportunities, applications, moves agreed

_OFFERED = "What is posted is open to all."
READ_OPPORTUNITY = row(
    "opportunities", "read", allowed(*Who, why=f"{_OFFERED} A service account needs `opportunities:read`.")
)
TRY_OPPORTUNITY = row("opportunities", "see what would match", allowed(*anybody_but(_SERVICE), why=_OFFERED))
POST_OPPORTUNITY = row(
    "opportunities",
    "post, close, withdraw",
    allowed(
        _LEADER, _HR, why="Who leads the unit or one above it, and its HR partner; mentoring is offered by anyone."
    ),
    refused="That it is posted is no secret, so the refusal says what is needed.",
)
APPLY = row(
    "applications",
    "apply",
    not_allowed(_LEFT, why="That it is posted is no secret; they are not there any more."),
    allowed(*anybody_but(_LEFT, _SERVICE), why="Nobody is refused; each applies for themselves."),
)
LIST_APPLICATIONS = row("applications", "list one's own", allowed(_SELF, why=_OWN))
RECEIVE_APPLICATIONS = row(
    "applications",
    "list those received",
    allowed(_LEADER, why="The owner alone (decision 8): an applicant's manager or HR partner may be near."),
)
READ_APPLICATION = row(
    "applications",
    "read, the words too",
    allowed(_SELF, why=_OWN),
    allowed(_LEADER, why="What the applicant sent with it; without words once they took it back or have left."),
)
ANSWER_OFFER = row(
    "applications",
    "take back, accept or decline an offer",
    allowed(_SELF, why=_OWN),
    not_allowed(_LEADER, why="They read it, so it is there for them; only the applicant does this."),
)
DECIDE_APPLICATION = row(
    "applications",
    "put on the short list, offer, decline",
    allowed(_LEADER, why="The owner alone decides."),
    not_allowed(_SELF, why="Nobody decides on their own application."),
)
READ_APPLICATION_READERS = row("applications", "read who has seen them", allowed(_SELF, why=_SEEN))
READ_MOVE_CASE = row(
    "moves agreed",
    "read",
    allowed(_SELF, _MANAGER, _HR, _LEADER, why="Whom it concerns: who goes, who lets them go, who receives them."),
)
RELEASE_MOVE = row(
    "moves agreed",
    "set the day of release",
    allowed(_MANAGER, _HR, why="Who lets them go; not who only stands in for the manager."),
    not_allowed(_SELF, _LEADER, why="They read the move, so it is there for them; the day is not theirs to set."),
)
COMPLETE_MOVE = row(
    "moves agreed",
    "report the arrival",
    allowed(_SELF, _HR, _LEADER, why="Who arrives, who receives them, and HR."),
    not_allowed(_MANAGER, why="They read the move, so it is there for them; they are not there at the arrival."),
)

# Notifications

NOTIFICATIONS = row(
    "notifications", "read, set how one is told", allowed(_SELF, why="Each their own, and nobody else's.")
)

# The timeline and HR's moves

READ_TIMELINE = row(
    "timeline",
    "read",
    allowed(_SELF, why=_OWN),
    part(
        _MANAGER, _HR, why="What is official, and what was shared with them or promised by or to them; no other words."
    ),
    part(
        *(_STAND_IN, _HR_STAND_IN),
        why="What is official, and what is shared with whoever is the manager, or with the HR partner.",
    ),
)
READ_TIMELINE_READERS = row("timeline", "read who has seen it", allowed(_SELF, why=_SEEN))
COUNT_MOVES = row(
    "moves",
    "count",
    allowed(_HR, _SERVICE, why="HR partners exactly, for their units; with `moves:read` of the whole organisation."),
    theirs(_OTHER_HR, _HR_STAND_IN, why=_OF_THEIR_UNITS),
    part(_ANALYST, why="Releases: figures about groups of people, from which subtraction finds nobody."),
    refused="Figures of moves are for HR.",
)
LIST_RELEASES = row(
    "moves",
    "list releases of figures",
    allowed(_ANALYST, why="Who reads them; not who is HR partner too, and could subtract the moves of their people."),
    refused="Releases are for analysts.",
)
LIST_MOVES = row(
    "moves",
    "read who moved",
    allowed(_HR, why="Individuals, exactly, of their units: official, without words."),
    theirs(_OTHER_HR, _HR_STAND_IN, why=_OF_THEIR_UNITS),
    not_allowed(_ANALYST, why="An analyst reads no individual."),
    refused="Who moved is for HR partners; a manager reads it in the timelines of their people.",
)
READ_FEED = row(
    "items for HR's systems",
    "read on from a position",
    allowed(_SERVICE, why="By the scope `events:read`: what is on the outward topics, and no words (docs/outward.md)."),
    refused="What HR's systems are told is for systems: whoever is behind them reads it there.",
)

ROWS: tuple[Row, ...] = tuple(value for value in globals().values() if isinstance(value, Row))
"""All of them, in this order."""
