"""Golden decisions of the bundled router, made without any of Signalbox's own code: safetensors and numpy.

    pip install numpy safetensors
    python test/golden/router.py         # reads encoder.json, writes test/golden/router.json

The embeddings are those of encoder.json, so run encoder.py first when the encoder changes, and this after every
training of models/default.
"""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

HERE = Path(__file__).parent
ROUTER = HERE.parent.parent / "models" / "default"
UNKNOWN = 100  # [UNK] in the vocabulary
LONGEST_PROMPT = 200  # only prompts that encoder.json holds in full, as text


def metadata(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(json.loads(data[8 : 8 + length])["__metadata__"]["signalbox"])


def head(weights, features):
    return weights[:, :-1].astype(np.float64) @ features + weights[:, -1]


def memberships(scores):
    squares = np.maximum(scores, 1e-3) ** 2
    return squares / squares.sum()


def logistic(x):
    return 1 / (1 + np.exp(-x))


path = ROUTER / "bundle.safetensors"
tensors, header = load_file(path), metadata(path)
catalogue = json.loads((ROUTER / "catalogue.json").read_text())["models"]
landmarks = tensors["landmarks"].astype(np.float64) * tensors["landmarks.scale"][:, None]


def predict(x, readable):
    kernels = np.exp(header["kernel"]["gamma"] * (landmarks @ x - 1))
    scores = head(tensors["head.tasks"], kernels)
    features = np.concatenate([kernels, memberships(scores)])
    trust = header["trust"]
    nearest = (landmarks @ x).max()
    as_read = logistic(trust["intercept"] + trust["nearest"] * nearest + trust["task_score"] * scores.max())
    familiarity, share = readable**2 * as_read, readable**2 * as_read ** trust["power"]
    fallback = logistic(head(tensors["head.unfamiliar"], kernels))
    own, decision = head(tensors["head.p_correct"], features), head(tensors["head.decision"], features)
    calibrated = np.interp(own, tensors["calibration.x"], tensors["calibration.y"])
    p = fallback + share * (calibrated - fallback)
    blended = fallback + share * (decision - fallback)
    return p, fallback if share < 0.5 else blended, familiarity


cases = []
for case in json.loads((HERE / "encoder.json").read_text())["cases"]:
    text = case.get("text")
    if not text or len(text) > LONGEST_PROMPT or not text.isprintable():
        continue
    tokens = case["input_ids"][1:-1]  # short enough to be whole, and without [CLS] and [SEP]
    readable = sum(token != UNKNOWN for token in tokens) / len(tokens)
    p, decision, familiarity = predict(np.array(case["embedding"], dtype=np.float64), readable)
    order = np.argsort(-decision)
    cases.append(
        {
            "text": text,
            "p_correct": {model: round(float(p[m]), 5) for m, model in enumerate(header["models"])},
            "readable": round(readable, 5),
            "familiarity": round(float(familiarity), 5),
            "model": header["models"][order[0]],
            # How clear the choice is: a margin below the difference between runtimes may go either way.
            "margin": round(float(decision[order[0]] - decision[order[1]]), 5),
        }
    )
names = {name for id, model in catalogue.items() for name in [id, *(f"{id}@{v}" for v in model.get("variants", {}))]}
assert set(header["models"]) <= names, "the bundle has models that the catalogue lacks"
document = {"bundle": hashlib.sha256(path.read_bytes()).hexdigest(), "cases": cases}
(HERE / "router.json").write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
print(f"{len(cases)} cases, {len({case['model'] for case in cases})} different models")
