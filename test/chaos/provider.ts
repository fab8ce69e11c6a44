import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type Behavior, type Called, surfaceNames } from "./faults.ts";

/** One request that reached a provider. */
export interface Arrival {
  /** Of the caller's request. */
  readonly id: number;
  readonly call: Called;
  readonly place: string;
  readonly behavior: Behavior;
  readonly at: number;
  /** When the connection was done with it. */
  doneAt: number;
}

export interface ChaosProviders {
  readonly origin: string;
  readonly arrivals: Arrival[];
  stop(): Promise<void>;
}

/** Providers at /<name>/v1 of one address. What each does with a request is `drawn` for it; the request's number is in its metadata. */
export async function startChaosProviders(
  drawn: (id: number, place: string, streams: boolean) => Behavior,
): Promise<ChaosProviders> {
  const arrivals: Arrival[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const [, provider = "", , ...path] = (request.url ?? "").split("/");
    const surface = surfaceNames.find((name) => name === path.join("/"));
    if (surface === undefined) throw new Error(`nobody was to ask for ${request.url}`);
    const place = placeOf(provider, body.model);
    const call = { surface, upstream: body.model, streams: body.stream === true };
    const id = Number(body.metadata.id);
    const behavior = drawn(id, place, call.streams);
    const arrival = { id, call, place, behavior, at: Date.now(), doneAt: Number.POSITIVE_INFINITY };
    arrivals.push(arrival);
    response.on("close", () => {
      arrival.doneAt = Date.now();
    });
    behavior.act(call, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    arrivals,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A model at one of its providers. */
export function placeOf(provider: string, model: string): string {
  return `${provider} ${model}`;
}

export function providerOf(place: string): string {
  return place.slice(0, place.indexOf(" "));
}
