import openai
from pydantic import BaseModel

from check import check, end, key, messages, question, url, weather

client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
create = client.chat.completions.create
tools = [{"type": "function", "function": {"name": "weather", "parameters": weather}}]


class City(BaseModel):
    city: str


def raises(error, **arguments):
    try:
        create(**{"model": "auto", "messages": messages, **arguments})
    except error as raised:
        return raised
    raise AssertionError(f"no {error.__name__}")


def streamed():
    chunks = create(model="auto:tolerance=0.1", messages=messages, stream=True)
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def aborted():
    stream = create(model="auto", messages=messages, stream=True)
    next(stream.response.iter_raw())
    stream.close()
    return create(model="auto", messages=messages).choices


def told_as_documented():
    bad = raises(openai.BadRequestError, extra_body={"signalbox": {"spend": 2}})
    stranger = openai.OpenAI(base_url=f"{url}/v1", api_key="sk-wrong", max_retries=0)
    try:
        stranger.models.list()
    except openai.AuthenticationError as error:
        unknown = raises(openai.NotFoundError, model="gpt-99")
        return (bad.param, error.code, unknown.code) == ("signalbox.spend", "invalid_key", "model_not_found")


def parsed():
    completion = client.chat.completions.parse(model="auto", messages=messages, response_format=City)
    return completion.choices[0].message.parsed.city == "Turku"


def response_streamed():
    with client.responses.stream(model="auto", input=question) as stream:
        return "word4" in stream.get_final_response().output_text


check("chat", lambda: create(model="auto", messages=messages).choices[0].message.content.startswith("Hello from"))
check("stream", lambda: "word4" in streamed())
check("abort", aborted)
check("parse", parsed)
check("tools", lambda: create(model="auto", messages=messages, tools=tools).choices[0].message.tool_calls[0])
check("responses", lambda: client.responses.create(model="auto", input=question).output_text.startswith("Hello"))
check("responses stream", response_streamed)
check("responses parse", lambda: client.responses.parse(model="auto", input=question, text_format=City).output_parsed.city)
check("models.list", lambda: next(iter(client.models.list())).id == "auto")
check("models.retrieve", lambda: client.models.retrieve("auto").object == "model")
check("errors", told_as_documented)
end()
