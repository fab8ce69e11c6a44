import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { transform } from "esbuild";
import { describe, expect, test } from "vitest";
import {
  type Language,
  languages,
  type Purpose,
  purposes,
  snippet,
} from "../../src/playground/snippets/snippets.ts";

const run = promisify(execFile);
const body = {
  prompt: `It's "true": does $HOME cost \`5\` \\ more?\nYes, null.`,
  spend: 0.3,
  require: { vision: true },
};
const context = { origin: "http://127.0.0.1:8787", body, withKey: false };
const all = (Object.keys(languages) as Language[]).flatMap((language) =>
  (Object.keys(purposes) as Purpose[]).map((purpose) => ({ language, purpose })),
);

describe("snippets", () => {
  test.each(all)("$language, $purpose: a key is named, never written", ({ language, purpose }) => {
    expect(snippet(language, purpose, context)).not.toContain("SIGNALBOX_KEY");
    expect(snippet(language, purpose, { ...context, withKey: true })).toContain("SIGNALBOX_KEY");
  });

  test.each(["decide", "complete"] as const)(
    "a shell passes on the body of curl as it is, %s",
    async (purpose) => {
      const code = snippet("curl", purpose, context).replace(/^curl \S+/, "printf '%s\\n'");
      const { stdout } = await run("sh", ["-c", code]);
      const sent = JSON.parse(stdout.slice(stdout.indexOf("{")));
      expect(sent.prompt ?? sent.messages[0].content).toBe(body.prompt);
      expect(sent.spend ?? sent.signalbox.spend).toBe(0.3);
    },
  );

  test.each(["decide", "complete"] as const)("TypeScript parses, %s", async (purpose) => {
    const { warnings } = await transform(snippet("typescript", purpose, context), {
      loader: "ts",
      format: "esm",
    });
    expect(warnings).toEqual([]);
  });

  test.each(["decide", "complete"] as const)("Python reads back the same values, %s", async (purpose) => {
    const code = snippet("python", purpose, context);
    const python = await run("python3", ["-c", "import ast, sys; ast.parse(sys.argv[1])", code]).catch(
      (error) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      },
    );
    if (python !== undefined) expect(python.stderr).toBe("");
    expect(code).toContain('"vision": True');
    expect(code).toContain("Yes, null.");
  });
});
