// The typed client. Types come from the service's own OpenAPI document (`npm run generate`), so a changed field fails to compile.
import createClient from "openapi-fetch";
import { carry } from "./carry";
import { OfflineError, ProblemError, problemOf } from "./problem";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

export const api = createClient<paths>({ baseUrl: "/", fetch: carry });

interface Outcome<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The body of a successful answer; throws `ProblemError` for any other and `OfflineError` for none. */
export async function body<T>(asked: Promise<Outcome<T>>): Promise<T> {
  return (await answer(asked)).data;
}

/** The body with its response, for whoever reads headers. */
export async function answer<T>(asked: Promise<Outcome<T>>): Promise<{ data: T; response: Response }> {
  const { data, error, response } = await asked;
  if (response.ok) return { data: data as T, response };
  throw problemOf(response.status, error, response.headers.get("Retry-After"));
}

const PATIENCE_MS = 60_000;

/**
 * A write that survives a service that goes away half-way. The same idempotency key goes with every try, so that pressing twice, a lost
 * answer or a restart in between book once.
 */
export async function persistently<T>(write: (key: string) => Promise<Outcome<T>>, key: string): Promise<T> {
  const until = Date.now() + PATIENCE_MS;
  for (let pause = 400; ; pause = Math.min(pause * 1.6, 4000)) {
    try {
      return await body(write(key));
    } catch (error) {
      const passes = error instanceof OfflineError || (error instanceof ProblemError && error.passes);
      if (!passes || Date.now() + pause > until) throw error;
      await new Promise((resume) => setTimeout(resume, pause));
    }
  }
}

/** Where the next page of a list is, from its `Link` header; null at the end. */
export function nextCursor(response: Response, name = "cursor"): string | null {
  const link = /<([^>]+)>;\s*rel="next"/.exec(response.headers.get("Link") ?? "");
  return link?.[1] === undefined ? null : new URL(link[1], "http://localhost").searchParams.get(name);
}
