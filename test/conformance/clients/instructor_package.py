import instructor
import openai
from pydantic import BaseModel

from check import check, end, key, messages, url


class City(BaseModel):
    city: str
    bridges: int


def ask(mode):
    client = instructor.from_openai(openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0), mode=mode)
    return client.chat.completions.create(model="auto", messages=messages, response_model=City, max_retries=0)


for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
    check(mode.value, lambda: ask(mode).city == "Turku")
end()
