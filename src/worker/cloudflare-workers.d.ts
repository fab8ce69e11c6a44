// What src uses of the runtime's own module; the full types would clash with those of other runtimes in one program.
declare module "cloudflare:workers" {
  export abstract class WorkerEntrypoint<Env = unknown, Props = unknown> {
    protected readonly ctx: {
      readonly props: Props;
      waitUntil(work: Promise<unknown>): void;
    };
    protected readonly env: Env;
  }
}
