import anthropic

from check import check, end, key, messages, url, weather

client = anthropic.Anthropic(base_url=url, api_key=key, max_retries=0)
body = {"model": "claude-auto", "max_tokens": 99, "messages": messages}


def streamed():
    with client.messages.stream(**body) as stream:
        return "word4" in stream.get_final_text()


def refused():
    try:
        client.messages.create(**{**body, "model": "claude-99"})
    except anthropic.NotFoundError as error:
        return error.body["error"]["type"] == "not_found_error"


tools = [{"name": "weather", "input_schema": weather}]
check("messages", lambda: client.messages.create(**body).content[0].text.startswith("Hello from"))
check("stream", streamed)
check("tools", lambda: client.messages.create(**body, tools=tools).content[0].input["city"] == "Turku")
check("count_tokens", lambda: client.messages.count_tokens(model="claude-auto", messages=messages).input_tokens == 42)
check("errors", refused)
end()
