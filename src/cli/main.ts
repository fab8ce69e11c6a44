#!/usr/bin/env node

// What is read and unpacked needs zstd, which is in Node since then.
const LEAST_NODE = [22, 15] as const;

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < LEAST_NODE[0] || (major === LEAST_NODE[0] && minor < LEAST_NODE[1])) {
  process.stderr.write(
    `signalbox: needs Node ${LEAST_NODE.join(".")} or newer, this is ${process.versions.node}; a clone brings its own: npm run -s signalbox -- --help\n`,
  );
  process.exitCode = 1;
} else {
  // Not before the check: older versions fail on what the commands import.
  const { runProgram } = await import("./program.ts");
  await runProgram();
}
