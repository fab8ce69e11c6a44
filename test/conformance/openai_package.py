"""The official Python package, unchanged, against the Worker; run by `npm run clients`."""

import os

import openai

url = os.environ["SIGNALBOX_URL"] + "/v1"
client = openai.OpenAI(base_url=url, api_key=os.environ["SIGNALBOX_KEY"], max_retries=0)
messages = [{"role": "user", "content": "How many positive divisors does 360 have?"}]
create = client.chat.completions.create


def raises(error, **arguments):
    try:
        create(**{"model": "auto", "messages": messages, **arguments})
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


models = [model.id for model in client.models.list()]
assert models[0] == "auto" and len(models) > 5

completion = create(model="auto", messages=messages)
assert completion.choices[0].message.content.startswith("Hello from fake/")
assert completion.usage.total_tokens == 21

raw = client.chat.completions.with_raw_response.create(model="auto", messages=messages)
assert raw.headers["x-signalbox-model"] in models

chunks = list(create(model="auto:tolerance=0.1", messages=messages, stream=True))
assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).startswith("word1")

tools = [{"type": "function", "function": {"name": "get_weather", "parameters": {"type": "object"}}}]
call = create(model=os.environ["TOOL_MODEL"], messages=messages, tools=tools).choices[0].message.tool_calls[0]
assert call.function.name == "get_weather"

# An abort in the middle: the connection closes, the next call works.
stream = create(model=os.environ["FLOOD_MODEL"], messages=messages, stream=True)
next(stream.response.iter_raw())
stream.close()
assert create(model="auto", messages=messages).choices

stranger = openai.OpenAI(base_url=url, api_key="sk-wrong", max_retries=0)
try:
    stranger.models.list()
    raise AssertionError("no AuthenticationError")
except openai.AuthenticationError as error:
    assert error.code == "invalid_key"
assert raises(openai.NotFoundError, model="gpt-99").code == "model_not_found"
bad = raises(openai.BadRequestError, extra_body={"signalbox": {"spend": 2}})
assert (bad.code, bad.param) == ("invalid_request", "signalbox.spend")
assert raises(openai.RateLimitError, model=os.environ["LIMITED_MODEL"]).code == "upstream_rate_limited"

print("models, completion, stream, tool call, abort, 401, 404, 400, 429")
