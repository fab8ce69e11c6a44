import { readdir, readFile } from "node:fs/promises";
import type { Workerd } from "../bench/live-worker.ts";

/** The real migrations, on the local D1 that the Worker of that name has as DB. */
export async function migrate({ miniflare }: Workerd, worker: string): Promise<void> {
  const database = await miniflare.getD1Database("DB", worker);
  const folder = new URL("../../migrations/", import.meta.url);
  for (const name of (await readdir(folder)).sort()) {
    const sql = await readFile(new URL(name, folder), "utf8");
    const statements = sql
      .replaceAll(/--.*$/gm, "")
      .split(";")
      .map((statement) => statement.trim())
      .filter((statement) => statement !== "");
    for (const statement of statements) await database.prepare(statement).run();
  }
}
