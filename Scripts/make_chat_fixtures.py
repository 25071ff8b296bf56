"""Writes Tests/Fixtures/chat: chat templates and what Jinja renders from them as Hugging Face sets it up.

Usage: python Scripts/make_chat_fixtures.py TEMPLATES SMOLLM2.gguf    (needs: pip install transformers jinja2 gguf)

TEMPLATES is `models/templates` of llama.cpp (MIT), which collects the templates of the models' publishers.
"""

import datetime
import json
import pathlib
import sys
from unittest import mock

import gguf
from transformers.utils import chat_template_utils

from chat_constructs import CONSTRUCTS

root = pathlib.Path(__file__).resolve().parent.parent
out = root / "Tests/Fixtures/chat"

NAMED = {
    "google-gemma-2-2b-it": "gemma2",
    "meta-llama-Llama-3.1-8B-Instruct": "llama3.1",
    "meta-llama-Llama-3.2-3B-Instruct": "llama3.2",
    "mistralai-Mistral-Nemo-Instruct-2407": "mistral-nemo",
    "Mistral-Small-3.2-24B-Instruct-2506": "mistral-small-3.2",
    "mistralai-Ministral-3-14B-Reasoning-2512": "ministral-3",
    "Qwen-Qwen2.5-7B-Instruct": "qwen2.5",
    "Qwen-Qwen3-0.6B": "qwen3",
    "Qwen-QwQ-32B": "qwq",
    "Qwen3-Coder": "qwen3-coder",
    "Qwen3.5-4B": "qwen3.5",
    "HuggingFaceTB-SmolLM3-3B": "smollm3",
}

ALTERNATE = "Conversation roles must alternate user/assistant/user/assistant/..."

# Public templates short enough to be written here.
SHORT = {
    "chatml": "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] "
    "+ '<|im_end|>' + '\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n{{ '<|user|>\n' + "
    "message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n{{ '<|system|>\n' + "
    "message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n{{ '<|assistant|>\n'  + "
    "message['content'] + eos_token }}\n{% endif %}\n{% if loop.last and add_generation_prompt %}\n"
    "{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "llama2": "{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set "
    "system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set "
    "system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') "
    "!= (loop.index0 % 2 == 0) %}{{ raise_exception('" + ALTERNATE + "') }}{% endif %}{% if loop.index0 == 0 "
    "and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + "
    "message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] "
    "== 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == "
    "'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
    "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + "
    "'<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}"
    "{% endif %}",
    "mistral-7b": "{{ bos_token }}{% for message in messages %}{% if (message['role'] == 'user') != "
    "(loop.index0 % 2 == 0) %}{{ raise_exception('" + ALTERNATE + "') }}{% endif %}{% if message['role'] == "
    "'user' %}{{ '[INST] ' + message['content'] + ' [/INST]' }}{% elif message['role'] == 'assistant' %}"
    "{{ message['content'] + eos_token + ' ' }}{% else %}{{ raise_exception('Only user and assistant roles "
    "are supported!') }}{% endif %}{% endfor %}",
    "qwen2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}{% endif %}{{'<|im_start|>' + "
    "message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "gemma3": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
""",
}


def conversation(*turns):
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return [{"role": roles[role], "content": content} for role, content in turns]


CONVERSATIONS = {
    "single": conversation(("u", "Hello there")),
    "system": conversation(("s", "Be brief."), ("u", "Who are you?")),
    "turns": conversation(
        ("s", "Be kind."), ("u", "One?"), ("a", "Two."), ("u", "Three?"), ("a", "Four."), ("u", "Five?")
    ),
    "empty": conversation(("u", "")),
    "empty system": conversation(("s", ""), ("u", "x"), ("a", ""), ("u", "y")),
    "unicode": conversation(("u", "Grüße, 世界 🐦 e\u0301 \u00e9 \u1e9e \u0000 \"quoted\" <b>&</b> {{ x }} {% if %}")),
    "spaces": conversation(("u", "  \n lead and trail\t\u00a0\u3000\n\n"), ("a", "\n ok \r\n"), ("u", " \n ")),
    "thoughts": conversation(
        ("u", "1+1?"), ("a", "<think>\nsum\n</think>\n\n2"), ("u", "2+2?"), ("a", "<think>again</think>4")
    ),
    "wrong order": conversation(("u", "a"), ("u", "b")),
    "answer first": conversation(("a", "hi"), ("u", "b")),
    "late system": conversation(("u", "a"), ("a", "b"), ("s", "c"), ("u", "d")),
    "tool": conversation(("u", "a"), ("a", "b"), ("t", "{\"r\": 1}"), ("t", "2"), ("a", "c")),
    "answered": conversation(("u", "One?"), ("a", "Two.")),
    "none": [],
}

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Current <weather> & 'more' é",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1.5, "x": None}},
                "required": [],
            },
        },
    }
]

DATE = {"date": "2024-07-06"}


def render(source, messages, generate, variables):
    """The expected part of a case: a text, the message of `raise_exception`, or that rendering fails."""

    class FixedDate(datetime.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromisoformat(variables.get("date", "2024-07-06"))

    given = {"tools": None, "documents": None, "bos_token": "<s>", "eos_token": "</s>"} | variables
    try:
        with mock.patch.object(chat_template_utils, "datetime", FixedDate):
            template = chat_template_utils._compile_jinja_template(source)
            return {"expected": template.render(messages=messages, add_generation_prompt=generate, **given)}
    except Exception as error:
        return {"raises": str(error)} if type(error).__name__ == "TemplateError" else {"fails": True}


def case(source, conversation, generate=True, variables={}):
    made = {"conversation": conversation}
    if not generate:
        made["generate"] = False
    if variables:
        made["variables"] = variables
    return made | render(source, CONVERSATIONS[conversation], generate, DATE | variables)


def cases(source):
    made = [case(source, name) for name in CONVERSATIONS]
    made.append(case(source, "turns", False))
    made.append(case(source, "answered", False))
    for more in [
        {"enable_thinking": False},
        {"tools": TOOLS},
        {"tools": TOOLS, "tools_in_user_message": False, "builtin_tools": ["code_interpreter", "a"]},
    ]:
        extra = case(source, "system", True, more)
        if extra.get("expected") != made[1].get("expected"):
            made.append(extra)
    return made


def main():
    templates, smollm2 = map(pathlib.Path, sys.argv[1:])
    field = gguf.GGUFReader(smollm2).fields["tokenizer.chat_template"]
    sources = SHORT | {"smollm2": field.contents()}
    for name, short in NAMED.items():
        sources[short] = (templates / f"{name}.jinja").read_text()
    out.mkdir(parents=True, exist_ok=True)
    for name, source in sources.items():
        write(name, {"source": source, "cases": cases(source)})
    write("conversations", CONVERSATIONS)
    write("constructs", {"cases": [construct(*made) for made in CONSTRUCTS]})


def construct(source, variables={}):
    return {"source": source} | case(source, "answered", True, variables)


def write(name, content):
    text = json.dumps(content, ensure_ascii=False, indent=0, separators=(",", ":"))
    (out / f"{name}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
