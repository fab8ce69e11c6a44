import { request } from "node:http";

/** What came back, as far as it came. */
export interface Came {
  /** 0 where the connection ended without an answer. */
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The connection broke before the answer ended. */
  readonly broke: boolean;
}

/**
 * A POST on a connection of its own: one that is kept may be closed by the other side just when it is used again. On a
 * machine with many times the work it can do, a new one may time out before its request is sent; then it is sent again. Had
 * it been, providers would be asked twice, which is looked for.
 */
export async function post(url: string, key: string, body: object): Promise<Came> {
  for (let tries = 1; ; tries++) {
    const came = await postOnce(url, key, body);
    if (came.status > 0 || tries === 3) return came;
  }
}

function postOnce(url: string, key: string, body: object): Promise<Came> {
  return new Promise((resolve) => {
    const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
    const sent = request(url, { method: "POST", agent: false, headers }, (response) => {
      const decoder = new TextDecoder();
      let text = "";
      response.on("data", (chunk: Uint8Array) => {
        text += decoder.decode(chunk, { stream: true });
      });
      response.on("error", () => undefined);
      response.on("close", () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headers).map(
              ([name, value]) => [name, String(value)] as [string, string],
            ),
          ),
          text: text + decoder.decode(),
          broke: !response.complete,
        }),
      );
    });
    sent.on("error", (error) =>
      resolve({ status: 0, headers: new Headers(), text: String(error), broke: true }),
    );
    sent.end(JSON.stringify(body));
  });
}
