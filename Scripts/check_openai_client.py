#!/usr/bin/env python3
"""Asks a running `sparrow serve` for every option, with PyPI's `openai` client.

    sparrow serve MODEL --adapter ADAPTER --port 8080 &
    Scripts/check_openai_client.py http://127.0.0.1:8080 [--key KEY] [--only NAME]

Needs `pip install openai jsonschema`, and an instruct model. Prints a line for each check, and exits
with 1 where one fails. Answers are checked for what every model must hold to; none is judged by
its wit.
"""
import argparse
import asyncio
import json
import sys
import traceback
import urllib.request

import jsonschema
import openai

CHECKS = []
QUESTION = [{"role": "user", "content": "Name three birds."}]
BIRD = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "legs": {"type": "integer", "minimum": 0, "maximum": 9},
        "colours": {"type": "array", "items": {"enum": ["brown", "grey"]}, "maxItems": 3},
    },
    "required": ["name", "legs", "colours"],
    "additionalProperties": False,
}
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 30}},
            "required": ["city"],
            "additionalProperties": False,
        },
    },
}


def check(function):
    CHECKS.append(function)
    return function


class Server:
    def __init__(self, address, key):
        self.address, self.key = address, key
        self.client = openai.OpenAI(
            base_url=address + "/v1", api_key=key, max_retries=0, timeout=120)
        self.model = self.client.models.list().data[0].id

    def chat(self, messages=QUESTION, **options):
        options = {"max_tokens": 16, "temperature": 0, **options}
        if "max_completion_tokens" in options:
            del options["max_tokens"]
        return self.client.chat.completions.create(
            model=self.model, messages=messages, **options)

    def complete(self, prompt="The sparrow is", **options):
        options = {"max_tokens": 8, "temperature": 0, **options}
        return self.client.completions.create(model=self.model, prompt=prompt, **options)

    def text(self, *arguments, **options):
        return self.chat(*arguments, **options).choices[0].message.content

    def get(self, path, body=None):
        """A route that the client has no method for."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.loads(answer.read())

    def ids(self, text):
        found = self.get("/tokenize", {"prompt": text, "add_special_tokens": False})
        return found["tokens"]


def refused(field, call):
    """A call must be refused with status 400 and name the field."""
    try:
        call()
    except openai.BadRequestError as error:
        assert error.param and error.param.startswith(field), f"param is {error.param!r}: {error}"
        assert error.type == "invalid_request_error", error.type
        return
    raise AssertionError(f"{field} was not refused")


@check
def models_are_listed_and_found(s):
    assert s.client.models.retrieve(s.model).id == s.model
    try:
        s.client.models.retrieve("no-such-model")
        raise AssertionError("a model that is not there was found")
    except openai.NotFoundError:
        pass


@check
def a_chat_is_answered(s):
    answer = s.chat()
    choice = answer.choices[0]
    assert choice.message.role == "assistant" and choice.message.content
    assert choice.finish_reason in ("stop", "length")
    assert answer.object == "chat.completion" and answer.id and answer.created
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@check
def a_chat_streams_the_same_text(s):
    chunks = list(s.chat(stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert {c.object for c in chunks} == {"chat.completion.chunk"}
    assert len({c.id for c in chunks}) == 1
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert text == s.text(), text
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] in ("stop", "length")
    assert all(c.usage is None for c in chunks)


@check
def usage_comes_last_where_asked_for(s):
    chunks = list(s.chat(stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].usage.completion_tokens and chunks[-1].choices == []
    assert all(c.usage is None for c in chunks[:-1])


@check
def parts_of_text_are_read(s):
    parts = [{"role": "user", "content": [{"type": "text", "text": "Name three birds."}]}]
    assert s.text(parts) == s.text()
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    refused("messages", lambda: s.chat([{"role": "user", "content": [picture]}]))


@check
def roles_follow_the_template(s):
    messages = [{"role": "system", "content": "Be brief."}, *QUESTION,
                {"role": "assistant", "content": "Wren."}, {"role": "user", "content": "Go on."}]
    assert s.chat(messages).usage.prompt_tokens > s.chat().usage.prompt_tokens
    refused("messages", lambda: s.chat([]))
    refused("messages", lambda: s.chat([{"role": "nobody", "content": "a"}]))


@check
def lengths_end_answers(s):
    for field in ("max_tokens", "max_completion_tokens"):
        answer = s.chat([{"role": "user", "content": "Count to one hundred."}], **{field: 5})
        assert answer.usage.completion_tokens == 5, answer.usage
        assert answer.choices[0].finish_reason == "length"
    refused("max_tokens", lambda: s.chat(max_tokens=-1))


@check
def seeds_repeat_answers(s):
    def sample(seed):
        return s.text(temperature=1.5, seed=seed, max_tokens=24)

    assert sample(7) == sample(7)
    assert len({sample(seed) for seed in range(4)}) > 1


@check
def sampling_fields_are_taken(s):
    greedy = s.text()
    assert s.text(temperature=1.5, top_p=1e-6, seed=1) == greedy
    assert s.text(temperature=1.5, seed=1, extra_body={"top_k": 1}) == greedy
    assert s.text(temperature=1.5, seed=1, extra_body={"min_p": 1.0}) == greedy


@check
def sampling_out_of_range_is_refused(s):
    bad = {"temperature": -1, "top_p": 2, "presence_penalty": 9, "frequency_penalty": -9}
    for field, value in bad.items():
        refused(field, lambda: s.chat(**{field: value}))
    for field, value in {"top_k": -5, "min_p": 3, "repetition_penalty": -1}.items():
        refused(field, lambda: s.chat(extra_body={field: value}))
    refused("temperature", lambda: s.chat(temperature="warm"))


@check
def stop_texts_end_answers(s):
    full = s.complete(max_tokens=32).choices[0].text
    middle = full[8:11]
    for stop in (middle, [middle], ["@@never@@", middle]):
        choice = s.complete(max_tokens=32, stop=stop).choices[0]
        assert choice.text == full[: full.index(middle)], (full, choice.text)
        assert choice.finish_reason == "stop"
    streamed = "".join(c.choices[0].text for c in s.complete(
        max_tokens=32, stop=middle, stream=True) if c.choices)
    assert streamed == full[: full.index(middle)]


@check
def several_choices_have_seeds_of_their_own(s):
    answer = s.chat(n=3, temperature=1.5, seed=5, max_tokens=24)
    texts = [c.message.content for c in answer.choices]
    assert [c.index for c in answer.choices] == [0, 1, 2] and len(set(texts)) > 1, texts
    again = [c.message.content for c in s.chat(n=3, temperature=1.5, seed=5, max_tokens=24).choices]
    assert again == texts
    streamed = ["", "", ""]
    for chunk in s.chat(n=3, temperature=1.5, seed=5, max_tokens=24, stream=True):
        for choice in chunk.choices:
            streamed[choice.index] += choice.delta.content or ""
    assert streamed == texts
    refused("n", lambda: s.chat(n=0))


@check
def logit_bias_forces_and_forbids(s):
    word = s.ids(" bird")[0]
    forced = s.complete(logit_bias={str(word): 100}, max_tokens=3).choices[0].text
    assert forced == " bird" * 3, forced
    first = s.complete(max_tokens=1, logprobs=0).choices[0].logprobs.tokens[0]
    forbidden = s.complete(max_tokens=1, logit_bias={str(s.ids(first)[0]): -100}).choices[0].text
    assert forbidden != first
    refused("logit_bias", lambda: s.chat(logit_bias={str(word): 500}))
    refused("logit_bias", lambda: s.chat(logit_bias={"99999999": 1}))


@check
def penalties_lessen_repetition(s):
    def distinct(**options):
        ids = s.ids(s.complete("one one one one one", max_tokens=40, **options).choices[0].text)
        return len(set(ids))

    plain = distinct()
    assert distinct(frequency_penalty=2) >= plain
    assert distinct(presence_penalty=2) >= plain
    assert distinct(extra_body={"repetition_penalty": 1.5}) >= plain


@check
def log_probabilities_are_told(s):
    answer = s.chat(logprobs=True, top_logprobs=3)
    content = answer.choices[0].logprobs.content
    assert len(content) in (answer.usage.completion_tokens, answer.usage.completion_tokens - 1)
    for token in content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.logprob == token.top_logprobs[0].logprob
        assert bytes(token.bytes).decode(errors="replace") == token.token
    refused("top_logprobs", lambda: s.chat(logprobs=True, top_logprobs=1000))
    refused("top_logprobs", lambda: s.chat(top_logprobs=2))


@check
def log_probabilities_stream(s):
    whole = [t.logprob for t in s.chat(logprobs=True).choices[0].logprobs.content]
    parts = [t.logprob for chunk in s.chat(logprobs=True, stream=True) for choice in chunk.choices
             for t in (choice.logprobs.content if choice.logprobs else [])]
    assert parts == whole, (parts, whole)


@check
def prompts_come_in_four_shapes(s):
    texts = ["The sparrow is", "A wren"]
    ids = [s.get("/tokenize", {"prompt": t})["tokens"] for t in texts]
    alone = [s.complete(t).choices[0].text for t in texts]
    assert [c.text for c in s.complete(texts).choices] == alone
    assert s.complete(ids[0]).choices[0].text == alone[0]
    assert [c.text for c in s.complete(ids).choices] == alone
    assert [c.index for c in s.complete(texts, n=2).choices] == [0, 1, 2, 3]
    refused("prompt", lambda: s.complete([]))
    refused("prompt", lambda: s.complete([99999999]))


@check
def prompts_are_scored_with_echo(s):
    prompt = "The sparrow is a small bird."
    answer = s.complete(prompt, echo=True, logprobs=2, max_tokens=1)
    choice, told = answer.choices[0], answer.choices[0].logprobs
    count = answer.usage.prompt_tokens + 1
    assert choice.text.startswith(prompt)
    assert len(told.tokens) == len(told.token_logprobs) == len(told.top_logprobs) == count
    assert len(told.text_offset) == count and told.token_logprobs[0] is None
    for chosen, top in zip(told.token_logprobs[1:], told.top_logprobs[1:]):
        assert len(top) >= 1 and chosen <= max(top.values())
    assert told.token_logprobs[-1] == max(told.top_logprobs[-1].values())
    nothing = s.complete(prompt, echo=True, logprobs=1, max_tokens=0).choices[0]
    assert nothing.text == prompt
    assert nothing.logprobs.token_logprobs == told.token_logprobs[:-1]


@check
def completions_stream(s):
    chunks = list(s.complete(max_tokens=24, stream=True, stream_options={"include_usage": True}))
    text = "".join(c.choices[0].text for c in chunks if c.choices)
    assert text == s.complete(max_tokens=24).choices[0].text
    assert chunks[-1].usage.completion_tokens == 24 or chunks[-2].choices[0].finish_reason == "stop"


@check
def cached_tokens_are_told(s):
    long = [{"role": "user", "content": "Say yes. " + "The sparrow sings. " * 60}]
    first = s.text(long)
    again = s.chat(long)
    assert again.usage.prompt_tokens_details.cached_tokens >= 64, again.usage
    assert again.choices[0].message.content == first


@check
def json_objects_parse(s):
    birds = [{"role": "user", "content": "Describe a sparrow as JSON, briefly."}]
    choice = s.chat(birds, response_format={"type": "json_object"}, max_tokens=400).choices[0]
    assert choice.message.content.lstrip().startswith("{")
    if choice.finish_reason == "stop":
        assert isinstance(json.loads(choice.message.content), dict), choice


@check
def json_schemas_hold(s):
    wanted = {"type": "json_schema", "json_schema": {"name": "bird", "schema": BIRD}}
    for options in ({}, {"temperature": 1.5, "seed": 3}):
        answer = s.text(response_format=wanted, max_tokens=200, **options)
        jsonschema.validate(json.loads(answer), BIRD)
    wrong = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "nothing"}}}
    refused("response_format", lambda: s.chat(response_format=wrong))
    refused("response_format", lambda: s.chat(response_format={"type": "poem"}))


@check
def tools_are_called(s):
    city = [{"role": "user", "content": "How is the weather in Oslo?"}]
    named = {"type": "function", "function": {"name": "get_weather"}}
    for choice in ("required", named):
        answer = s.chat(city, tools=[WEATHER], tool_choice=choice, max_tokens=100).choices[0]
        call = answer.message.tool_calls[0]
        assert call.type == "function" and call.function.name == "get_weather" and call.id
        jsonschema.validate(json.loads(call.function.arguments), WEATHER["function"]["parameters"])
    assert answer.finish_reason in ("tool_calls", "stop")
    for choice in ("none", "auto"):
        assert s.chat(city, tools=[WEATHER], tool_choice=choice).choices
    assert not s.chat(city, tools=[WEATHER], tool_choice="none").choices[0].message.tool_calls
    refused("tool_choice", lambda: s.chat(city, tools=[WEATHER], tool_choice="always"))
    strange = {"type": "function", "function": {"name": "other"}}
    refused("tool_choice", lambda: s.chat(city, tools=[WEATHER], tool_choice=strange))


@check
def tool_calls_stream(s):
    city = [{"role": "user", "content": "How is the weather in Oslo?"}]
    text, name = "", ""
    for chunk in s.chat(city, tools=[WEATHER], tool_choice="required", max_tokens=100, stream=True):
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            name += call.function.name or ""
            text += call.function.arguments or ""
    assert name == "get_weather"
    jsonschema.validate(json.loads(text), WEATHER["function"]["parameters"])


@check
def tool_results_are_read(s):
    call = {"id": "call_1", "type": "function",
            "function": {"name": "get_weather", "arguments": '{"city": "Oslo"}'}}
    messages = [{"role": "user", "content": "How is the weather in Oslo?"},
                {"role": "assistant", "content": None, "tool_calls": [call]},
                {"role": "tool", "tool_call_id": "call_1", "content": "Rain."}]
    assert s.chat(messages, tools=[WEATHER]).choices[0].message


@check
def responses_are_given(s):
    answer = s.client.responses.create(
        model=s.model, input="Name three birds.", max_output_tokens=16, temperature=0)
    assert answer.output_text == s.text(), answer.output_text
    assert answer.object == "response" and answer.usage.output_tokens <= 16
    listed = s.client.responses.create(
        model=s.model, input=QUESTION, instructions="Be brief.", max_output_tokens=16)
    assert listed.output_text
    try:
        s.client.responses.create(model=s.model, input="And?", previous_response_id="resp_1")
        raise AssertionError("an earlier answer was found, though none is kept")
    except (openai.BadRequestError, openai.NotFoundError):
        pass


@check
def responses_stream(s):
    kinds, text = [], ""
    for event in s.client.responses.create(
            model=s.model, input="Name three birds.", max_output_tokens=16, temperature=0,
            stream=True):
        kinds.append(event.type)
        if event.type == "response.output_text.delta":
            text += event.delta
    assert kinds[0] == "response.created" and kinds[-1] in (
        "response.completed", "response.incomplete"), kinds
    assert text == s.text()


@check
def unknown_fields_are_ignored(s):
    assert s.text(user="someone", extra_body={"no_such_field": [1], "store": True}) == s.text()


@check
def plans_are_chosen_by_requests(s):
    for plan in ("dense", "sparse"):
        assert s.text(extra_body={"sparrow": {"plan": plan}})
    refused("sparrow", lambda: s.chat(extra_body={"sparrow": {"plan": "thin"}}))


@check
def activity_is_told(s):
    asked = {"sparrow": {"plan": "sparse", "activity": True}}
    chunks = list(s.chat(stream=True, extra_body=asked))
    assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert s.get("/v1/sparsity")


@check
def tokens_come_and_go(s):
    text = "Sparrows, déjà vu, 雀"
    found = s.get("/tokenize", {"prompt": text})
    assert found["count"] == len(found["tokens"])
    bare = s.get("/tokenize", {"prompt": text, "add_special_tokens": False})["tokens"]
    assert s.get("/detokenize", {"tokens": bare})["prompt"] == text
    assert isinstance(s.get("/tokenizer_info"), dict)


@check
def wrong_keys_are_refused(s):
    if not s.key or s.key == "none":
        return
    try:
        openai.OpenAI(base_url=s.address + "/v1", api_key="wrong", max_retries=0).models.list()
        raise AssertionError("a wrong key was taken")
    except openai.AuthenticationError:
        pass


@check
def company_changes_nothing(s):
    """Eight requests at once give what each gives alone."""
    words = ["sparrow", "wren", "finch", "tit", "robin", "dove", "swift", "crow"]
    asked = [[{"role": "user", "content": f"Tell of the {w}."}] for w in words]
    alone = [s.text(m, max_tokens=24, temperature=0.9, seed=i) for i, m in enumerate(asked)]

    async def together():
        client = openai.AsyncOpenAI(base_url=s.address + "/v1", api_key=s.key, timeout=120)
        found = await asyncio.gather(*(client.chat.completions.create(
            model=s.model, messages=m, max_tokens=24, temperature=0.9, seed=i)
            for i, m in enumerate(asked)))
        return [f.choices[0].message.content for f in found]

    assert asyncio.run(together()) == alone


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("address")
    parser.add_argument("--key", default="none")
    parser.add_argument("--only", metavar="NAME", help="checks whose names hold this")
    parser.add_argument("--json", action="store_true", help="print the outcome as JSON at the end")
    o = parser.parse_args()
    server = Server(o.address.rstrip("/"), o.key)
    outcome = {}
    for function in CHECKS:
        name = function.__name__.replace("_", " ")
        if o.only and o.only not in function.__name__ and o.only not in name:
            continue
        try:
            function(server)
            outcome[name] = "ok"
        except Exception as error:  # Every check is tried, whatever another one met.
            place = traceback.extract_tb(error.__traceback__)
            line = next(f for f in reversed(place) if f.filename == __file__)
            outcome[name] = f"line {line.lineno}: {line.line}: {type(error).__name__}: {error}"
        print(f"{'ok  ' if outcome[name] == 'ok' else 'FAIL'} {name}"
              + ("" if outcome[name] == "ok" else f"\n     {outcome[name]}"), flush=True)
    if o.json:
        print(json.dumps(outcome, indent=1))
    sys.exit(any(value != "ok" for value in outcome.values()))


if __name__ == "__main__":
    main()
