import type { LocalEncoder } from "../../embedding/embed-texts.ts";
import { bundledEncoderDirectory, LEXICAL_ENCODER } from "../encoder.ts";
import { attempt, type Check, failed, PROMPT, pass, skipped } from "./check.ts";

const REINSTALL = "install again; report it with this output if that doesn't help";

/** Whether this machine computes what the Worker computes, which is the same on every CPU. */
export function checkEmbedding(encoder: LocalEncoder, directory: string): Promise<Check> {
  return attempt("embedding", REINSTALL, async () => {
    const start = performance.now();
    const { length } = await encoder.embed(PROMPT);
    const ms = (performance.now() - start).toFixed(0);
    if (directory !== bundledEncoderDirectory) {
      return skipped("embedding", `${length} numbers in ${ms} ms; none of this encoder are recorded`);
    }
    const { equalsGolden, goldenVectors, similarityToGolden } = await import(
      "../../embedding/golden-vectors.ts"
    );
    for (const golden of goldenVectors) {
      const embedding = await encoder.embed(golden.text);
      if (equalsGolden(golden, embedding)) continue;
      const similarity = similarityToGolden(golden, embedding).toFixed(4);
      return failed("embedding", `not what is recorded: cosine ${similarity}`, REINSTALL);
    }
    return pass(
      "embedding",
      `${goldenVectors.length} texts as recorded, to the last bit; one takes ${ms} ms`,
    );
  });
}

/** Whether the native runtime, which `train` and `evaluate` prefer, can be trusted on this CPU. */
export function checkAccelerator(portable: LocalEncoder, directory: string): Promise<Check> {
  const next =
    "`npm uninstall onnxruntime-node`: without it `train` and `evaluate` compute as the Worker does, slower";
  return attempt("accelerator", next, async () => {
    if (directory === LEXICAL_ENCODER) return skipped("accelerator", "the lexical encoder needs none");
    const { openAccelerator } = await import("../../embedding/accelerator.ts");
    const { readEncoderFiles } = await import("../../embedding/encoder-files.ts");
    const accelerator = await openAccelerator(await readEncoderFiles(directory), portable);
    if (accelerator.ok) return pass("accelerator", "onnxruntime-node embeds as the Worker does");
    const { code, message } = accelerator.failure;
    if (code !== "native_not_installed") return failed("accelerator", message, next);
    return skipped("accelerator", `${message}; \`train\` and \`evaluate\` embed faster with it`);
  });
}
