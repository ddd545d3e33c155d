"""What callers were told, against what was recorded."""

from collections.abc import Sequence

from shared.kafka.partitions import partition_of
from tests.faults.findings import Findings
from tests.faults.ledger import Command, Keys, Ledger, Told
from tests.faults.stores import Recorded, Stores

NO_ACCESS = frozenset(("not-found", "not-allowed"))


def check_told(ledger: Ledger, keys: Keys, stores: Stores, findings: Findings) -> None:
    """Each command, and that nothing was recorded which nobody asked for."""
    appends = {
        one.command_key: (events, index)
        for events in stores.values()
        for index, one in enumerate(events)
        if one.command_key is not None
    }
    asked: set[bytes] = set()
    by_unknown = out_of_reach = 0
    for command in ledger.commands:
        key = keys.of(command)
        asked.add(key)
        found = _recorded(*appends[key]) if key in appends else []
        if command.answer is None:
            by_unknown += bool(found)
            continue
        for told in command.told:
            if told.done:
                _check_done(command, told, found, findings)
            elif found and _lost_access(command, told):
                out_of_reach += 1
            else:
                findings.check("a refused command left nothing", not found, f"{command}: {told}")
        answers = {(told.id, told.version, told.after) for told in command.told if told.done}
        findings.check("a repeated command is answered alike", len(answers) <= 1, f"{command}: {command.told}")
        refusals = any(not told.done and not _lost_access(command, told) for told in command.told)
        findings.check("a command is not both done and refused", not (answers and refusals), f"{command}")
    for name, events in stores.items():
        for one in events:
            own = one.by.startswith("service:") and one.by != "service:hr"
            if one.command_size is not None and not own:
                asked_for = one.command_key in asked
                findings.check("every event was asked for", asked_for, f"{name}:{one.position} {one.type} by {one.by}")
    findings.facts["commands whose callers never heard, that were carried out"] = by_unknown
    findings.facts["commands carried out, whose callers had lost access when they asked again"] = out_of_reach
    for broken in ledger.broken:
        findings.check("callers saw nothing broken", holds=False, detail=broken)
    findings.looked["callers saw nothing broken"] += ledger.reads


def _lost_access(command: Command, told: Told) -> bool:
    """Who asks again must still have the right to: a manager who has been replaced meanwhile is told nothing more."""
    return told.code in NO_ACCESS and command.attempts > 1


def _recorded(events: Sequence[Recorded], first: int) -> list[Recorded]:
    """An append by its first event."""
    return list(events[first : first + (events[first].command_size or 1)])


def _check_done(command: Command, told: Told, found: list[Recorded], findings: Findings) -> None:
    where = f"{command}: {told}, recorded {[(one.position, one.type, one.version) for one in found]}"
    if told.after is None:
        findings.check("a command that had nothing to do left nothing", not found, where)
        return
    findings.check("an acknowledged command is recorded", found, where)
    if not found:
        return
    findings.check("under the name of its caller", all(one.by == command.by for one in found), where)
    findings.check("as what it is", any(one.type == command.event for one in found), where)
    versions = [one.version for one in found if str(one.stream) == told.id]
    findings.check("at the version that was told", versions and max(versions) == told.version, where)
    service, partition, position = told.after.split(":")
    last = found[-1]
    findings.check("at the position that was told", (service, int(position)) == (command.service, last.position), where)
    findings.check("in the partition that was told", int(partition) == partition_of(last.subject), where)
