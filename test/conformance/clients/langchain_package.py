from langchain_anthropic import ChatAnthropic
from langchain_openai import ChatOpenAI
from pydantic import BaseModel

from check import check, end, key, question, url


class City(BaseModel):
    """A city."""

    city: str


chat = {"model": "auto", "base_url": f"{url}/v1", "api_key": key, "max_retries": 0}
for name, model in (
    ("openai chat", ChatOpenAI(**chat, temperature=0.2, max_tokens=500)),
    ("openai responses", ChatOpenAI(**chat, use_responses_api=True)),
    ("anthropic", ChatAnthropic(model="claude-auto", base_url=url, api_key=key, max_retries=0)),
):
    check(f"{name} invoke", lambda: "Hello from" in model.invoke(question).text)
    check(f"{name} stream", lambda: "word4" in "".join(chunk.text for chunk in model.stream(question)))
    check(f"{name} structured output", lambda: model.with_structured_output(City).invoke(question).city == "Turku")
    check(f"{name} tools", lambda: model.bind_tools([City]).invoke(question).tool_calls[0]["args"]["city"] == "Turku")
end()
