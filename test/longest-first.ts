import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Slow files that take longest, longest first: one that begins last keeps a core busy while the other has nothing left. */
const LONG = [
  "package/package",
  "operations/doctor",
  "faults/kv",
  "conformance/same-decision",
  "docs/blocks",
  "docs/tutorial",
  "evaluation/command",
  "soak/soak",
  "fuzz/fuzz",
].map((name) => `/test/${name}.test.ts`);

/** Vitest's own order, by size where it has no times of an earlier run, behind those. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification) => {
      const found = LONG.findIndex((name) => moduleId.endsWith(name));
      return found < 0 ? LONG.length : found;
    };
    return (await super.sort(files)).toSorted((a, b) => place(a) - place(b));
  }
}
