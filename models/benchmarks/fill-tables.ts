/**
 * Puts the tables of dist/evaluation into docs/evaluation.md: `<!-- figures NAME -->` ... `<!-- end -->` gets what
 * dist/evaluation/NAME.md holds. A part without a file stays as it is.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";

const page = new URL("../../docs/evaluation.md", import.meta.url);
const filled = readFileSync(page, "utf8").replace(
  /(<!-- figures ([\w.-]+) -->\n)[\s\S]*?(<!-- end -->)/g,
  (whole, start: string, name: string, end: string) => {
    const file = new URL(`../../dist/evaluation/${name}.md`, import.meta.url);
    return existsSync(file) ? `${start}\n${readFileSync(file, "utf8")}\n${end}` : whole;
  },
);
writeFileSync(page, filled);
