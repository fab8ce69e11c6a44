import { RpcTarget, WorkerEntrypoint } from "cloudflare:workers";

// Stands between the Worker and the platform's own KV and D1, with their methods, in the same workerd. For each call it
// asks the test what to do.

/** @param {string} what @returns {Promise<{kind: string, key?: string, text?: string}>} */
async function verdict(env, what) {
  const response = await env.CONTROL.fetch("http://control/", { method: "POST", body: JSON.stringify(what) });
  return response.json();
}

export class KeyValue extends WorkerEntrypoint {
  async get(key, options) {
    const action = await verdict(this.env, { storage: "kv", key, cacheTtl: options.cacheTtl });
    if (action.kind === "fail") throw new Error("KV GET failed: 500 Internal Server Error");
    if (action.kind === "missing") return null;
    if (action.kind === "text") return new TextEncoder().encode(action.text).buffer;
    const value = await this.env.KV.get(action.kind === "other" ? action.key : key, options);
    return action.kind === "half" && value !== null ? value.slice(0, value.byteLength >> 1) : value;
  }
}

class Statement extends RpcTarget {
  constructor(env, sql, values = []) {
    super();
    this.env = env;
    this.sql = sql;
    this.values = values;
  }
  bind(...values) {
    return new Statement(this.env, this.sql, values);
  }
  async #pass(method) {
    const action = await verdict(this.env, { storage: "d1", sql: this.sql });
    if (action.kind === "fail") throw new Error("D1_ERROR: internal error; reference = 0");
    const answer = await this.env.DB.prepare(this.sql)
      .bind(...this.values)
      [method]();
    if (action.kind === "lost") throw new Error("D1_ERROR: Network connection lost.");
    return answer;
  }
  run() {
    return this.#pass("run");
  }
  first() {
    return this.#pass("first");
  }
  all() {
    return this.#pass("all");
  }
}

export class Database extends WorkerEntrypoint {
  prepare(sql) {
    return new Statement(this.env, sql);
  }
}

export default { fetch: () => new Response("storage") };
