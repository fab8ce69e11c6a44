"""What the programs here share: where the Worker is, and one line for each thing that works."""

import os
import sys

url = os.environ["SIGNALBOX_URL"]
key = os.environ["SIGNALBOX_KEY"]
question = "Say hello in Finnish."
messages = [{"role": "user", "content": question}]
weather = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
failed = []


def check(name, work):
    try:
        assert work(), "the answer is another than expected"
        print("ok", name)
    except Exception as error:
        failed.append(name)
        print(f"FAILED {name}: {str(error).splitlines()[0] if str(error) else repr(error)}")


def end():
    sys.exit(1 if failed else 0)
