"""Writes what Jinja, set up as transformers does, makes of many conversations through a folder of chat templates.

Usage: python Scripts/check_templates.py TEMPLATES CASES.json    (needs: pip install jinja2 transformers)

TEMPLATES is `models/templates` of llama.cpp, or any folder of `.jinja` files. Scripts/check_templates.sh runs it and compares.
"""

import datetime
import json
import pathlib
import sys
from unittest import mock

from transformers.utils import chat_template_utils

DATE = "2024-07-06"


def message(role, content, **more):
    return {"role": role, "content": content} | more


def call(name, arguments, identifier="call12345"):
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": arguments}}


CITY = {"city": "Paris", "days": 3, "exact": True, "note": None, "tags": ["a", "b"], "more": {"x": 1.5}}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Current <weather> & 'more' é",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Where", "enum": ["Paris", "Rome"]},
                    "days": {"type": "integer", "minimum": 1, "default": 2},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "more": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]},
                    "any": {"type": ["string", "null"]},
                    "flag": {"type": "boolean"},
                },
                "required": ["city", "days"],
            },
            "return": {"type": "string"},
        },
    },
    {"type": "function", "function": {"name": "clock", "description": "", "parameters": {"type": "object", "properties": {}}}},
]
CALLED = [
    message("user", "Weather in Paris?"),
    message("assistant", "", tool_calls=[call("weather", CITY)]),
    message("tool", '{"celsius": 21}', name="weather", tool_call_id="call12345"),
]
TEXT_CALLED = [
    message("user", "Weather in Paris?"),
    message("assistant", None, tool_calls=[call("weather", json.dumps(CITY))]),
    message("tool", "21 °C", name="weather", tool_call_id="call12345"),
    message("assistant", "It is 21 °C."),
    message("user", "Thanks"),
]
TWO_CALLED = [
    message("system", "Be brief."),
    message("user", "Weather and time?"),
    message("assistant", "Both:", tool_calls=[call("weather", {"city": "Rome"}), call("clock", {}, "call67890")]),
    message("tool", '{"celsius": 30}', name="weather", tool_call_id="call12345"),
    message("tool", "12:00", name="clock", tool_call_id="call67890"),
    message("assistant", "30 degrees at noon.", reasoning_content="Two results."),
    message("user", "And tomorrow?"),
]


def text(part):
    return {"type": "text", "text": part}


CONVERSATIONS = {
    "single": ([message("user", "Hello there")], {}),
    "no start": ([message("user", "Hello there"), message("assistant", "Hi")], {"generate": False}),
    "system": ([message("system", "Be brief."), message("user", "Who are you?")], {}),
    "developer": ([message("developer", "Be brief."), message("user", "Who are you?")], {}),
    "turns": (
        [
            message("system", "Be kind."), message("user", "One?"), message("assistant", "Two."),
            message("user", "Three?"), message("assistant", "Four."), message("user", "Five?"),
        ],
        {},
    ),
    "empty": ([message("user", "")], {}),
    "empty turns": ([message("system", ""), message("user", "x"), message("assistant", ""), message("user", "y")], {}),
    "unicode": ([message("user", "Grüße, 世界 🐦 e\u0301 ẞ \"quoted\" <b>&</b> {{ x }} {% if %} \\n")], {}),
    "spaces": ([message("user", "  \n lead\t\u00a0\u3000\n\n"), message("assistant", "\n ok \r\n"), message("user", " \n ")], {}),
    "thoughts": (
        [message("user", "1+1?"), message("assistant", "<think>\nsum\n</think>\n\n2"), message("user", "2+2?"),
         message("assistant", "<think>again</think>4")],
        {},
    ),
    "reasoning": (
        [message("user", "1+1?"), message("assistant", "2", reasoning_content="sum"), message("user", "2+2?")], {}),
    "thinking": ([message("user", "1+1?")], {"enable_thinking": True}),
    "no thinking": ([message("system", "Be brief."), message("user", "1+1?")], {"enable_thinking": False}),
    "thinking flag": ([message("user", "1+1?")], {"thinking": True, "reasoning_effort": "high"}),
    "parts": ([message("user", [text("One"), text("two ")]), message("assistant", [text("three")]), message("user", [text("")])], {}),
    "system parts": ([message("system", [text("Be brief.")]), message("user", [text("Hi")])], {}),
    "image": ([message("user", [{"type": "image"}, text("What is it?")])], {}),
    "wrong order": ([message("user", "a"), message("user", "b")], {}),
    "answer first": ([message("assistant", "hi"), message("user", "b")], {}),
    "late system": ([message("user", "a"), message("assistant", "b"), message("system", "c"), message("user", "d")], {}),
    "tools": ([message("user", "Weather?")], {"tools": TOOLS}),
    "tools system": ([message("system", "Be brief."), message("user", "Weather?")], {"tools": TOOLS}),
    "no tools": ([message("user", "Weather?")], {"tools": []}),
    "called": (CALLED, {"tools": TOOLS}),
    "called twice": (CALLED + CALLED, {"tools": TOOLS}),
    "called in text": (TEXT_CALLED, {"tools": TOOLS}),
    "two called": (TWO_CALLED, {"tools": TOOLS}),
    "two called untold": (TWO_CALLED, {}),
    "plain tool": ([message("user", "a"), message("assistant", "b"), message("tool", "{\"r\": 1}"), message("assistant", "c")], {}),
    "documents": ([message("user", "Read.")], {"documents": [{"title": "T", "text": "Some <text>."}]}),
    "options": (
        [message("system", "s"), message("user", "u")],
        {"tools": TOOLS, "tools_in_user_message": False, "builtin_tools": ["code_interpreter"], "date_string": "1 May 2025",
         "xml_tools": [], "python_tools": [], "custom_instructions": "Be quick."},
    ),
    "unknown role": ([message("critic", "no"), message("user", "b")], {}),
    "none": ([], {}),
}


class FixedDate(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromisoformat(DATE)


def render(source, messages, options):
    options = dict(options)
    generate = options.pop("generate", True)
    tools, documents = options.pop("tools", None), options.pop("documents", None)
    try:
        # The compiled template alone: transformers' aliases of reasoning fields are no part of the template.
        template = chat_template_utils._compile_jinja_template(source)
        return {"expected": template.render(
            messages=json.loads(json.dumps(messages)), tools=tools, documents=documents, add_generation_prompt=generate,
            bos_token="<s>", eos_token="</s>", **options)}
    except Exception as error:
        raised = type(error).__name__ == "TemplateError"
        return {"raises" if raised else "fails": str(error)}


def main():
    folder, out = map(pathlib.Path, sys.argv[1:])
    documents = []
    with mock.patch.object(chat_template_utils, "datetime", FixedDate):
        for path in sorted(folder.glob("*.jinja")):
            source = path.read_text()
            cases = []
            for name, (messages, options) in CONVERSATIONS.items():
                variables = {k: v for k, v in options.items() if k != "generate"} | {"date": DATE, "messages": messages}
                cases.append({"conversation": name, "variables": variables, "generate": options.get("generate", True)}
                             | render(source, messages, options))
            documents.append({"name": path.stem, "source": source, "cases": cases})
    out.write_text(json.dumps(documents, ensure_ascii=False))
    count = sum(len(d["cases"]) for d in documents)
    refused = sum("expected" not in c for d in documents for c in d["cases"])
    print(f"{len(documents)} templates, {count} renderings, {refused} of them refused by Jinja")


main()
