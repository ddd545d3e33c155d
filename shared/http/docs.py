"""The API's description as a page: one file, no script, nothing from elsewhere."""

import json
from collections.abc import Iterator
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}"
    "details{border:1px solid #ccc;border-radius:.4rem;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}"
    "code,pre{font:14px/1.4 ui-monospace,monospace}pre{background:#f4f4f4;padding:.6rem;overflow:auto}"
    "b{display:inline-block;min-width:4.5rem}table{border-collapse:collapse}"
    "td,th{text-align:left;padding:.1rem .8rem .1rem 0;vertical-align:top}"
)


def page(description: dict[str, Any]) -> bytes:
    """The HTML of an OpenAPI document."""
    return "".join(_page(description)).encode()


def _page(description: dict[str, Any]) -> Iterator[str]:
    title = escape(description["info"]["title"])
    yield f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: API</title>'
    yield f"<style>{_STYLE}</style></head><body><h1>{title}</h1><p>{escape(description['info']['description'])}</p>"
    yield '<p><a href="/openapi.json">openapi.json</a> describes the same for programs.</p>'
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            yield from _operation(path, method.upper(), operation)
    bearer = description["components"]["securitySchemes"]["bearer"]
    yield f"<h2>Tokens</h2><p>{escape(bearer['description'])}</p><table><tr><th>scope</th><th></th></tr>"
    for scope, told in bearer["x-scopes"].items():
        yield f"<tr><td><code>{escape(scope)}</code></td><td>{escape(told)}</td></tr>"
    yield "</table><h2>Models</h2>"
    for name, schema in description["components"]["schemas"].items():
        yield f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_json(schema)}</details>'
    yield "</body></html>"


def _operation(path: str, method: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b>{method}</b> <code>{escape(path)}</code> {escape(operation['summary'])}</summary>"
    yield f"<p>{escape(operation['description'])}</p>"
    if operation["parameters"]:
        yield "<table><tr><th>parameter</th><th>in</th><th></th></tr>"
        for one in operation["parameters"]:
            told = escape(one.get("description", "")) + (" Required." if one.get("required") else "")
            yield f"<tr><td><code>{escape(one['name'])}</code></td><td>{one['in']}</td><td>{told}</td></tr>"
        yield "</table>"
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body, <code>{escape(media_type)}</code>:</p>{_json(content.get('example', content['schema']))}"
    yield "<table><tr><th>answer</th><th></th></tr>"
    for status, answer in operation["responses"].items():
        yield f"<tr><td>{status}</td><td>{escape(answer['description'])}</td></tr>"
    yield "</table></details>"


def _json(value: Any) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2, ensure_ascii=False))}</pre>"
