"""A page that describes the API, made of its OpenAPI description without a byte from elsewhere."""

from __future__ import annotations

from typing import Any, cast

from apiflask import APIBlueprint, APIFlask
from flask import current_app, render_template_string

blueprint = APIBlueprint("docs", __name__, enable_openapi=False)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"> <title>{{
info.title }}</title> <style> body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem
auto; padding: 0 1rem } code { background: #eee; color: #111; padding: .1em .3em } td, th { text-align:
left; vertical-align: top; padding: .1rem 1rem .1rem 0 } h2 { margin: 2rem 0 0 } </style> <h1>{{ info.title
}} {{ info.version }}</h1> <p>{{ info.description }} Errors are JSON objects <code>{error, value,
remedy}</code>. As OpenAPI: <a href="/openapi.json">/openapi.json</a>.</p> {% for path, methods in
paths.items() %}{% for method, operation in methods.items() if method != "parameters" %} <h2><code>{{ method
| upper }} {{ path }}</code></h2> <p>{{ operation.summary }}. {{ operation.description }}</p> <table> {% for
parameter in operation.parameters %} <tr><th>{{ parameter.name }}<td>{{ parameter.description }} ({{
parameter.in }}, {{ parameter.schema.type }}) {% endfor %} {% for code, answer in
operation.responses.items() %}<tr><th>{{ code }}<td>{{ answer.description }}{% endfor %} </table> {% endfor
%}{% endfor %}
"""


@blueprint.get("/docs")
def docs() -> str:
    """Answer the page."""
    spec = cast(dict[str, Any], cast(APIFlask, current_app).spec)
    return render_template_string(_PAGE, info=spec["info"], paths=spec["paths"])
