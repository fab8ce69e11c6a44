/** What a model's API takes of a request. What is not listed is taken as it is. */
export interface Accepts {
  /** Parameters of the request's body; `a.b` is `b` in the object `a`. */
  readonly parameters: {
    /** By the name that the API has for it. */
    readonly rename: Readonly<Record<string, string>>;
    /** Left out: the answer is of the same kind without. */
    readonly drop: readonly string[];
    /** A request that needs one of these goes to another model. */
    readonly refuse: readonly string[];
  };
  /** Roles of messages. */
  readonly roles: {
    readonly rename: Readonly<Record<string, string>>;
    readonly refuse: readonly string[];
  };
}

/** A request's body, as JSON has it. */
export type RequestBody = Readonly<Record<string, unknown>>;

// Values that ask for what happens without them anyhow; many clients always send them.
const NEUTRAL: Readonly<Record<string, unknown>> = {
  n: 1,
  temperature: 1,
  top_p: 1,
  presence_penalty: 0,
  frequency_penalty: 0,
  top_logprobs: 0,
};

/** The first parameter or role of the body that the model refuses; undefined where it takes the request. */
export function refusedBy({ parameters, roles }: Accepts, body: RequestBody): string | undefined {
  return (
    parameters.refuse.find((path) => asksFor(body, path)) ??
    messagesOf(body)
      .map(({ role }) => role)
      .find((role): role is string => typeof role === "string" && roles.refuse.includes(role))
  );
}

/** The body as the model takes it: parameters and roles by its names, without what it refuses. */
export function fitTo({ parameters, roles }: Accepts, body: RequestBody): RequestBody {
  const fitted: Record<string, unknown> = Object.fromEntries(
    Object.entries(body).flatMap(([name, value]) => {
      const to = Object.hasOwn(parameters.rename, name) ? (parameters.rename[name] as string) : name;
      // Where both are there, the one that has the model's own name is meant.
      return to !== name && Object.hasOwn(body, to) ? [] : [[to, value]];
    }),
  );
  for (const path of [...parameters.drop, ...parameters.refuse]) remove(fitted, path);
  if (Object.keys(roles.rename).length === 0 || !Array.isArray(body["messages"])) return fitted;
  return { ...fitted, messages: body["messages"].map((message) => withRole(message, roles.rename)) };
}

function withRole(message: unknown, rename: Readonly<Record<string, string>>): unknown {
  const role = isObject(message) ? message["role"] : undefined;
  if (typeof role !== "string" || !Object.hasOwn(rename, role)) return message;
  return { ...(message as object), role: rename[role] };
}

function messagesOf(body: RequestBody): readonly RequestBody[] {
  const messages = body["messages"];
  return Array.isArray(messages) ? messages.filter(isObject) : [];
}

function asksFor(body: RequestBody, path: string): boolean {
  const [outer, inner] = path.split(".", 2) as [string, string | undefined];
  const value = Object.hasOwn(body, outer) ? body[outer] : undefined;
  if (inner !== undefined) return isObject(value) && asksFor(value, inner);
  if (value === undefined || value === null || value === false) return false;
  return !(Array.isArray(value) && value.length === 0) && value !== NEUTRAL[outer];
}

function remove(body: Record<string, unknown>, path: string): void {
  const [outer, inner] = path.split(".", 2) as [string, string | undefined];
  if (inner === undefined) delete body[outer];
  else if (isObject(body[outer])) {
    const { [inner]: _, ...others } = body[outer];
    body[outer] = others;
  }
}

function isObject(value: unknown): value is RequestBody {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
