"""What a person takes with them, as one file: data.json for programs, index.html to be read. Pure but for `write`."""

import errno
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

SCHEMA = "careers-export/1"
"""Of data.json: a field more is the same schema, a field that means something else is another one."""

Item = Mapping[str, Any]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 52rem; margin: 2rem auto; padding: 0 1rem; color: #222; }
article { border-left: 3px solid #bbb; padding: .1rem 1rem; margin: 1rem 0; }
article h4 { margin: .3rem 0; } .told { color: #666; font-size: .9rem; }
dl { display: grid; grid-template-columns: 11rem 1fr; gap: .1rem 1rem; margin: .3rem 0; } dd { margin: 0; }
dt { color: #666; overflow-wrap: anywhere; } dd { overflow-wrap: anywhere; white-space: pre-wrap; }
.words dd { font-weight: 600; } .left-out { color: #666; font-style: italic; }
"""
_INTRODUCTION = """
This is all that is held about you. Each entry says what happened, when it was recorded, by whom, and in which of its
fields you are named. People are named by random ids: “yourself” is you, “service:…” is a program. Your words are in
bold. What other people wrote is not part of it, and it is said where something was left out; what was erased cannot be
read by anybody any more. What is to happen on a day to come is not part of it before that day."""
_LEFT_OUT = {"about_another_person": "another person's words, left out", "erased": "erased"}


def data(person: str, made_at: str, held: Mapping[str, Sequence[Item]]) -> dict[str, Any]:
    """What data.json says. `held`: by service, in the order in which they are to be told."""
    services = [{"service": service, "items": list(items)} for service, items in held.items()]
    return {"schema": SCHEMA, "person": person, "made_at": made_at, "services": services}


def page(told: Mapping[str, Any]) -> str:
    """The same to be read: grouped by service, events by the year of their recording. It loads and runs nothing."""
    contents, chapters = [], []
    for part in told["services"]:
        service = part["service"]
        sections = list(_sections(part["items"]))
        links = "".join(
            f'<li><a href="#{_anchor(service, title)}">{escape(title)}</a> ({len(items)})</li>'
            for title, items in sections
        )
        contents.append(f'<li><a href="#{_anchor(service)}">{escape(service)}</a><ul>{links}</ul></li>')
        chapters.append(f'<h2 id="{_anchor(service)}">{escape(service)}</h2>')
        for title, items in sections:
            chapters.append(f'<h3 id="{_anchor(service, title)}">{escape(title)}</h3>')
            chapters.extend(_article(item) for item in items)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>What is held about you</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>What is held about you</h1>
<p>{_INTRODUCTION.strip()}</p>
<p class="told">Of {escape(told["person"])}, made at {escape(told["made_at"])}.</p>
<ul>{"".join(contents)}</ul>
{chr(10).join(chapters)}
</body>
</html>
"""


def write(out: Path, told: Mapping[str, Any]) -> None:
    """One file that its owner alone can read, whole or not at all. Raises OSError, also where there is one already."""
    if out.exists():
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(out))
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)  # with the mode 0600
    try:
        with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("data.json", json.dumps(told, ensure_ascii=False, indent=1))
            archive.writestr("index.html", page(told))
        Path(name).rename(out)
    except BaseException:
        Path(name).unlink()
        raise


def _sections(items: Sequence[Item]) -> Iterator[tuple[str, list[Item]]]:
    """Events by year, then the other places, in their order."""
    for title, some in groupby(items, key=_section):
        yield title, list(some)


def _section(item: Item) -> str:
    return str(item["recorded_at"])[:4] if item["place"] == "events" else str(item["place"])


def _article(item: Item) -> str:
    told = [f"recorded {_moment(item['recorded_at'])}"] if item["recorded_at"] else []
    if item["effective_on"]:
        told.append(f"as of {item['effective_on']}")
    if item["by"]:
        told.append(f"by {item['by']}{', from a file' if item['origin'] == 'import' else ''}")
    if item["named_as"]:
        told.append(f"you are named as {', '.join(item['named_as'])}")
    left_out = {name: _LEFT_OUT[why] for name, why in item["left_out"].items()}
    return (
        f'<article><h4>{escape(item["what"])}</h4><p class="told">{escape("; ".join(told))}</p>'
        f"{_list('words', item['words'].items())}{_list('', item['values'].items())}"
        f"{_list('left-out', left_out.items())}</article>"
    )


def _list(kind: str, values: Iterable[tuple[str, Any]]) -> str:
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(_said(value))}</dd>" for name, value in values)
    return f'<dl class="{kind}">{rows}</dl>' if rows else ""


def _said(value: Any) -> str:
    """A value in lines: what is in it, one thing a line."""
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case dict():
            return "\n".join(f"{name}: {_said(one)}" for name, one in value.items())
        case list():
            return "\n".join(_said(one) for one in value) or "-"
        case _:
            return str(value)


def _moment(at: str) -> str:
    return at[:16].replace("T", " ") + " UTC"


def _anchor(*names: str) -> str:
    return escape("-".join(names).replace(" ", "-"), quote=True)
