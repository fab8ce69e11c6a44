import litellm

from check import check, end, key, messages, question, url, weather

litellm.telemetry = False
tools = [{"type": "function", "function": {"name": "weather", "parameters": weather}}]
common = {"model": "openai/auto", "api_key": key, "num_retries": 0}


def ask(base, **more):
    return litellm.completion(**common, api_base=base, messages=messages, **more)


def streamed():
    return "".join(chunk.choices[0].delta.content or "" for chunk in ask(f"{url}/v1", stream=True))


def anthropic():
    asked = {**common, "model": "anthropic/claude-auto", "api_base": url, "messages": messages}
    return litellm.completion(**asked).choices[0].message.content.startswith("Hello from")


check("completion", lambda: ask(f"{url}/v1").choices[0].message.content.startswith("Hello from"))
check("base URL without /v1", lambda: ask(url).choices[0].message.content.startswith("Hello from"))
check("stream", lambda: "word4" in streamed())
check("tools", lambda: ask(f"{url}/v1", tools=tools).choices[0].message.tool_calls[0].function.name == "weather")
check("responses", lambda: "Hello" in str(litellm.responses(**common, api_base=f"{url}/v1", input=question).output))
check("anthropic messages", anthropic)
end()
