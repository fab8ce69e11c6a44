"""Golden fixtures of the encoder, made without any of Signalbox's own code: the Rust tokenizers library, Python
onnxruntime, and numpy for the lexical view from the raw weights.

    pip install numpy onnxruntime tokenizers
    python test/golden/encoder.py        # writes test/golden/encoder.json

The prompts below were written for this file.
"""

import json
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers

HERE = Path(__file__).parent
ENCODER = HERE.parent.parent / "models" / "encoder"

# Each case is {"text"} or {"repeat", "times"}, optionally cut to "chars" code points.
CASES = [
    {"text": ""},
    {"text": "   \n\t "},
    {"text": "Hello"},
    {"text": "What is 17 * 23?"},
    {"text": "A train leaves at 9:40 and arrives at 13:05. How long is the journey in minutes?"},
    {"text": "Write a Python function that returns the n-th Fibonacci number without recursion."},
    {"text": "def f(xs):\n    return [x ** 2 for x in xs if x % 2 == 0]\n\nWhat does f([1, 2, 3, 4]) return?"},
    {"text": "Under the common law, when does silence amount to acceptance of an offer? (A) never (B) sometimes"},
    {"text": "🙂🙃 Which emoji means thanks? 🙏🏽 👩‍👩‍👧 🏳️‍🌈"},
    {"text": "世界上最高的山是什么?请用一句话回答。"},
    {"text": "Ünïcödé cafés serve naïve façades; ΟΔΥΣΣΕΥΣ came home ﬁnally."},
    {"text": "nul\x00 bytes\x00 and \x07 bells vanish"},
    {"text": "a lone \ud83d surrogate and another \ude00 one"},
    {"text": "[CLS] ignore [SEP] these [MASK] tokens [PAD]"},
    {"text": "Translate to French: 'The weather in \u201cLyon\u201d \u2014 as ever \u2014 is lovely\u2026'"},
    {"text": "supercalifragilisticexpialidocious antidisestablishmentarianism pneumonoultramicroscopic"},
    {"repeat": "x", "times": 101},
    {"repeat": "Every evening the lighthouse keeper writes down the wind, the tide and one new word. ", "times": 12},
    {"repeat": "Count the vowels in this sentence, then reverse it. ", "times": 2000, "chars": 100000},
    {"repeat": "汉", "times": 100000},
    {"repeat": "!", "times": 100000},
]

# Strings on which tokenizers tend to differ; only their ids are compared.
AWKWARD = [
    "", " ", "\u00a0", "\u3000", "\u2028a\u2029b", "\u0085", "\x0b\x0c", "a\u200bb", "a\u200db", "\ufeffbom", "\ufffd",
    "don't can't won't I'm", "U.S.A. e.g. i.e.", "3.14159 1,000,000 1e-9 0x1F", "$5 €5 £5 ¥5 ₿5", "a+b=c<d>e^f`g|h~i",
    "foo_bar-baz/qux\\quux", "#hashtag @mention http://example.org/a?b=c&d=e#f", "C++ C# F# .NET",
    "ΣΊΣΥΦΟΣ Σ ΑΣ ΑΣ.", "İstanbul ISTANBUL ıstanbul", "Straße STRASSE ẞ", "ǅ ǆ Ǆ", "ﬁ ﬂ ﬀ ﬃ", "① ② Ⅷ ½ ² ³", "Å Å A\u030a",
    "e\u0301 é e\u0301\u0323", "\u0301alone", "q\u0307\u0323", "ñ N\u0303", "Việt Nam tiếng", "şŞğĞ", "Łódź", "øØæÆåÅ",
    "привет мир Ёлка", "שָׁלוֹם", "مَرْحَبًا", "नमस्ते दुनिया", "สวัสดีชาวโลก", "こんにちは世界", "カタカナ ｶﾀｶﾅ", "한국어 텍스트", "漢字かな交じり文",
    "\U00020000\U0002a6d6 \uf900\ufa11", "𝐀𝐁𝐂 𝟙𝟚𝟛", "𐐀𐐨", "🙂", "a🙂b", "👩‍👩‍👧‍👦", "🇫🇷🇩🇪", "1️⃣",
    "“quotes” ‘single’ «guillemets» „low“", "– — ― … · • ‣", "¿qué? ¡sí!", "‰ ‱ † ‡ § ¶ © ® ™", "← → ⇒ ∀ ∃ ∑ √ ∞ ≈ ≠",
    "\x00", "a\x00b", "\x7f", "a\tb\nc\r\nd", "line\r\n\r\nbreaks", "x" * 99, "x" * 100, "x" * 101, "é" * 100, "é" * 101,
    "𐐀" * 100, "𐐀" * 101, "x" * 100 + "\u0301", "unaffable", "##ing", "[UNK]", "[CLS][SEP]", "[ CLS ]", "[cls]", "[unused5]",
    "\ud800", "\udc00", "a\ud800b", "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "\udc00\ud800",
    "ab\u0378cd", "\ue000private", "a\u00adb soft", "🄰🅱", "ſ ẛ", "ŉ", "ẖ", "K Ω Å",
]  # fmt: skip


def make_tokenizer(file):
    pieces = file["vocabulary"].split("\n")
    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    model = models.WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)
    tokenizer = Tokenizer(model)  # no special tokens are registered: in a user's text they are plain text
    tokenizer.normalizer = normalizers.BertNormalizer(
        clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=True
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return tokenizer


def scalar_values(text):
    """Lone surrogates as U+FFFD, as a UTF-8 encoder makes them."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def written(text):
    """The text as JSON can hold it everywhere: some parsers refuse lone surrogates."""
    if any("\ud800" <= character <= "\udfff" for character in text):
        return {"utf16": [int(unit) for unit in np.frombuffer(text.encode("utf-16-le", "surrogatepass"), "<u2")]}
    return {"text": text}


def text_of(case):
    text = case["text"] if "text" in case else case["repeat"] * case["times"]
    return text[: case["chars"]] if "chars" in case else text


def context_ids(ids, cap, start, end):
    kept = cap - 2
    if len(ids) > kept:
        head = (kept + 1) // 2
        ids = ids[:head] + ids[len(ids) - (kept - head) :]
    return [start, *ids, end]


def distinct(ids, cap):
    counts = {}
    for token in ids:
        if token in counts or len(counts) < cap:
            counts[token] = counts.get(token, 0) + 1
    return counts or {0: 0}


def read_tensor(manifest, blob, name):
    entry = next(tensor for tensor in manifest["tensors"] if tensor["name"] == name)
    dtype = {"F32": "<f4", "I8": "i1"}[entry["dtype"]]
    count = int(np.prod(entry["shape"]))
    return np.frombuffer(blob, dtype, count, entry["offset"]).reshape(entry["shape"]).astype(np.float64)


def main():
    manifest = json.loads((ENCODER / "manifest.json").read_text())
    file = json.loads((ENCODER / "tokenizer.json").read_text(encoding="utf-8"))
    blob = (ENCODER / "weights.bin").read_bytes()
    tokenizer = make_tokenizer(file)
    limits = manifest["input"]
    words = read_tensor(manifest, blob, "word_embeddings") * read_tensor(manifest, blob, "word_embeddings.scale")
    token_weights = read_tensor(manifest, blob, "lexical.weight")
    lexical_mean = read_tensor(manifest, blob, "lexical.mean")[0]

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(ENCODER / "graph.onnx", options, providers=["CPUExecutionProvider"])

    def lexical_view(counts):
        ids = list(counts)
        weights = token_weights[ids] * np.array([counts[token] for token in ids], np.float64)
        vector = (weights @ words[ids]) / max(weights.sum(), 1e-9) - lexical_mean
        return vector / np.linalg.norm(vector) * np.sqrt(0.5)

    cases = []
    for case in CASES:
        ids = tokenizer.encode(scalar_values(text_of(case)), add_special_tokens=False).ids
        input_ids = context_ids(ids, limits["tokenCap"], file["startId"], file["endId"])
        counts = distinct(ids, limits["lexicalDistinctCap"])
        (embedding,) = session.run(
            None,
            {
                "input_ids": np.array([input_ids], np.int32),
                "lexical_ids": np.array(list(counts), np.int32),
                "lexical_counts": np.array(list(counts.values()), np.float32),
            },
        )
        lexical = lexical_view(counts)
        assert np.abs(embedding[0, 384:] - lexical).max() < 1e-5, case
        assert abs(np.linalg.norm(embedding[0, :384]) - np.sqrt(0.5)) < 1e-5, case
        cases.append(
            {
                **(written(case["text"]) if "text" in case else case),
                "input_ids": input_ids,
                "lexical_ids": list(counts),
                "lexical_counts": list(counts.values()),
                "embedding": [round(float(value), 5) for value in embedding[0, :384]]
                + [round(float(value), 5) for value in lexical],
            }
        )

    awkward = [
        {**written(text), "ids": tokenizer.encode(scalar_values(text), add_special_tokens=False).ids} for text in AWKWARD
    ]
    encoder = {key: manifest[key] for key in ("id", "files")}
    lines = [f'"encoder": {json.dumps(encoder)}']
    for name, rows in (("cases", cases), ("awkward", awkward)):
        lines.append(f'"{name}": [\n' + ",\n".join(json.dumps(row) for row in rows) + "\n]")
    (HERE / "encoder.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(f"{len(cases)} cases, {len(awkward)} awkward strings")


main()
