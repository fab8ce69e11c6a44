import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { judgeAudit } from "./judge-audit.ts";
import { root } from "./shipped.ts";

// `npm run audit`: known vulnerabilities of all packages. Ends with 1 where one is high or critical.
const LIMIT_MS = 60_000;

const { isSafe, lines } = await new Promise<ReturnType<typeof judgeAudit>>((resolve) => {
  const options = { cwd: fileURLToPath(root), timeout: LIMIT_MS, maxBuffer: 64 * 1024 ** 2 };
  // It ends with 1 where it finds something, and where it can't ask.
  execFile("npm", ["audit", "--json"], options, (_, stdout) => resolve(judgeAudit(stdout)));
});
for (const line of lines) console.log(line);
process.exitCode = isSafe ? 0 : 1;
