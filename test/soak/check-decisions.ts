import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { openEncoder } from "../../src/cli/encoder.ts";
import { parseCatalogue } from "../../src/contract/catalogue.ts";
import { choiceRule, type RouteOptions } from "../../src/contract/options.ts";
import { loadPredictor } from "../../src/core/bundle.ts";
import { decide } from "../../src/core/decide.ts";
import type { Predictor } from "../../src/core/predictor.ts";
import type { Result } from "../../src/core/result.ts";
import { readEncoderFiles } from "../../src/embedding/encoder-files.ts";
import { createEncoder, type Encoder } from "../../src/encoder/encoder.ts";
import { estimateInputTokens } from "../../src/encoder/input-tokens.ts";
import { createSimdSession } from "../../src/encoder/simd/simd-session.ts";
import { servingFor } from "../../src/router/canary.ts";
import type { Serving } from "../../src/router/serving.ts";
import type { BackendName } from "../bench/subjects.ts";
import type { Move } from "./publisher.ts";
import type { SoakWorker } from "./soak-worker.ts";
import type { Sample } from "./traffic.ts";

// What a Worker may take to see a new pointer and to load what it names, on a machine that is kept busy.
const NOTICED_MS = 5_000;
const PROBABILITY_ERROR = 1e-6;

/** Decides the samples again, offline, each with the bundle that it names; what differs, in a sentence each. */
export async function checkDecisions(
  samples: readonly Sample[],
  backend: BackendName,
  { routers, catalogue: catalogueBytes }: Pick<SoakWorker, "routers" | "catalogue">,
  moves: readonly Move[],
): Promise<readonly string[]> {
  const encoder = await encoderOf(backend);
  const catalogue = unwrap(parseCatalogue(catalogueBytes));
  const predictors = new Map<string, Predictor>(
    routers.map(({ sha256, bundle }) => [sha256, unwrap(loadPredictor(bundle))]),
  );
  const wrong: string[] = [];
  for (const sample of samples) {
    const { prompt, options, body } = sample;
    const predictor = predictors.get(body.bundle);
    if (predictor === undefined) {
      wrong.push(`a decision names bundle ${body.bundle}, which nobody published`);
      continue;
    }
    if (!(await wasDue(sample, moves))) {
      wrong.push(`bundle ${body.bundle.slice(0, 12)} decided when it wasn't its turn`);
    }
    const { exclude, session: _, ...rule } = options as { exclude?: string[]; session?: string };
    const messages = [{ role: "user" as const, content: prompt }];
    const inputTokens = estimateInputTokens(messages);
    const decision = unwrap(
      decide(predictor, catalogue, predictor.predict(await encoder.embed(prompt)), {
        inputTokens,
        require: { capabilities: [], contextTokens: inputTokens },
        rule: unwrap(choiceRule(rule as RouteOptions)),
        ...(exclude === undefined ? {} : { exclude }),
      }),
    );
    const error = Math.abs(decision.pCorrect - body.p_correct);
    if (decision.model !== body.model || !(error < PROBABILITY_ERROR)) {
      wrong.push(
        `bundle ${body.bundle.slice(0, 12)} says ${body.model} ${body.p_correct}, offline ${decision.model} ${decision.pCorrect}`,
      );
    }
  }
  return wrong;
}

/** The encoder as the Worker runs it, so that results are the same and not only alike. */
async function encoderOf(backend: BackendName): Promise<Encoder> {
  if (backend === "lexical") return openEncoder("lexical");
  if (backend === "onnx") return openEncoder();
  const folder = fileURLToPath(new URL("../../models/encoder", import.meta.url));
  const files = await readEncoderFiles(folder);
  const kernel = await readFile(new URL("../../src/encoder/simd/kernel.wasm", import.meta.url));
  return unwrap(await createEncoder(files, await createSimdSession(files, new WebAssembly.Module(kernel))));
}

/** Whether one of the pointers that the Worker may have gone by gives this conversation to that bundle. */
async function wasDue(
  { prompt, options, sentAt, receivedAt, body }: Sample,
  moves: readonly Move[],
): Promise<boolean> {
  for (const [k, { begunAt, pointer }] of moves.entries()) {
    const goneAt = (moves[k + 1]?.seenAt ?? Number.POSITIVE_INFINITY) + NOTICED_MS;
    if (begunAt > receivedAt || goneAt < sentAt) continue;
    // Only what decides between live and canary.
    const canary = pointer.canary && {
      percent: pointer.canary.percent,
      serving: { pointer: { ...pointer, bundle: pointer.canary.bundle } },
    };
    const session = options["session"] as string | undefined;
    const due = await servingFor({ pointer, canary } as unknown as Serving, {
      said: prompt,
      tools: [],
      beside: [],
      routeOn: "first",
      session,
    });
    if (due.pointer.bundle === body.bundle) return true;
  }
  return false;
}

function unwrap<T>(result: Result<T, string>): T {
  if (!result.ok) throw new Error(result.failure.message);
  return result.value;
}
