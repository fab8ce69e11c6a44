import { ChildProcess } from "node:child_process";

/** In the project `fast`: says where a test starts another program that the scan of imports in speeds.ts has missed. */
const prototype = ChildProcess.prototype as unknown as { spawn(options: { readonly file: string }): never };
prototype.spawn = ({ file }) => {
  throw new Error(`a fast test starts ${file}: test/speeds.ts has to see it by its imports`);
};
