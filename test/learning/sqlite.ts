import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { fileURLToPath } from "node:url";
import type { LearningDatabase, LearningStatement } from "../../src/learning/ports.ts";

const migrations = fileURLToPath(new URL("../../migrations", import.meta.url));

/** The tables of D1 in SQLite in this process: the same SQL, without a Worker around it. */
export function openTables(): LearningDatabase & { readonly sqlite: DatabaseSync } {
  const sqlite = new DatabaseSync(":memory:");
  for (const file of readdirSync(migrations).sort())
    sqlite.exec(readFileSync(`${migrations}/${file}`, "utf8"));

  const statement = (sql: string, values: readonly SQLInputValue[] = []): LearningStatement => {
    const run = async () => {
      const prepared = sqlite.prepare(sql);
      if (prepared.columns().length > 0) {
        return { results: prepared.all(...values) as Record<string, unknown>[], meta: { changes: 0 } };
      }
      return { results: [], meta: { changes: Number(prepared.run(...values).changes) } };
    };
    return { bind: (...bound) => statement(sql, bound), run, all: run };
  };
  return {
    sqlite,
    prepare: statement,
    async batch(statements) {
      sqlite.exec("BEGIN");
      try {
        const answers = [];
        for (const one of statements) answers.push(await one.run());
        sqlite.exec("COMMIT");
        return answers;
      } catch (error) {
        sqlite.exec("ROLLBACK");
        throw error;
      }
    },
  };
}
