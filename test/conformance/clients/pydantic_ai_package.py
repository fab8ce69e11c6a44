from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider

from check import check, end, key, question, url

openai = OpenAIProvider(base_url=f"{url}/v1", api_key=key)
anthropic = AnthropicProvider(base_url=url, api_key=key)


class City(BaseModel):
    city: str


def with_tool(model):
    agent = Agent(model)

    @agent.tool_plain
    def weather(city: str) -> str:
        return f"Sunny in {city}."

    return agent.run_sync(question).output


for name, model in (
    ("chat", OpenAIChatModel("auto", provider=openai)),
    ("responses", OpenAIResponsesModel("auto", provider=openai)),
    ("anthropic", AnthropicModel("claude-auto", provider=anthropic)),
):
    check(f"{name} run", lambda: Agent(model).run_sync(question).output.startswith("Hello from"))
    check(f"{name} typed output", lambda: Agent(model, output_type=City).run_sync(question).output.city == "Turku")
    check(f"{name} tools", lambda: with_tool(model).startswith("Hello from"))
check(
    "instructions without a prompt",
    lambda: Agent(OpenAIChatModel("auto", provider=openai), instructions="Say hello.").run_sync().output,
)
end()
