// What the tests use of the runtime's own modules; the full types would clash with those of the DOM and Node.
declare module "cloudflare:workers" {
  interface KvNamespace {
    get(
      key: string,
      options: { readonly type: "arrayBuffer"; readonly cacheTtl?: number },
    ): Promise<ArrayBuffer | null>;
    put(key: string, value: ArrayBuffer | Uint8Array | string): Promise<void>;
    delete(key: string): Promise<void>;
  }
  interface FetchService {
    fetch(input: string | Request, init?: RequestInit): Promise<Response>;
  }
  export const env: {
    readonly SIGNALBOX: KvNamespace;
    readonly FILES: FetchService;
    readonly [name: string]: unknown;
  };
  export const exports: { readonly default: FetchService };
}

declare module "cloudflare:test" {
  export function reset(): Promise<void>;
  export interface TestContext {
    waitUntil(work: Promise<unknown>): void;
    passThroughOnException(): void;
    readonly props: unknown;
  }
  export function createExecutionContext(): TestContext;
  export function waitOnExecutionContext(context: TestContext): Promise<void>;
}
