// What the programs here share: where the Worker is, and one line for each thing that works.
export const url = process.env["SIGNALBOX_URL"];
export const key = process.env["SIGNALBOX_KEY"];
export const question = "Say hello in Finnish.";
export const messages = [{ role: "user", content: question }];

export async function check(name, work) {
  try {
    if ((await work()) !== true) throw new Error("the answer is another than expected");
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${String(error?.message ?? error).split("\n")[0]}`);
    process.exitCode = 1;
  }
}
