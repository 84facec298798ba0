// Routes that the public contract fixes. They answer with the same problems as all others; types are those of `CONTRACT`-style documents
// in docs/, written here where the generated client does not have them.
import { carry } from "./carry";
import { problemOf } from "./problem";

interface Asked {
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  key?: string;
  signal?: AbortSignal;
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

/** The answer itself, for whoever reads it as it comes; throws as `ask` does. */
export async function open(method: Method, path: string, asked: Asked = {}): Promise<Response> {
  const query = new URLSearchParams(
    Object.entries(asked.query ?? {}).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])),
  ).toString();
  const headers: Record<string, string> = {};
  if (asked.body !== undefined) headers["Content-Type"] = "application/json";
  if (asked.key !== undefined) headers["Idempotency-Key"] = asked.key;
  const response = await carry(
    new Request(new URL(query === "" ? path : `${path}?${query}`, location.origin), {
      method,
      headers,
      ...(asked.body === undefined ? {} : { body: JSON.stringify(asked.body) }),
      ...(asked.signal === undefined ? {} : { signal: asked.signal }),
    }),
  );
  if (response.ok) return response;
  const told: unknown = await response.json().catch(() => undefined);
  throw problemOf(response.status, told, response.headers.get("Retry-After"));
}

export async function ask<T>(method: Method, path: string, asked: Asked = {}): Promise<T> {
  const response = await open(method, path, asked);
  return (response.status === 204 ? undefined : await response.json().catch(() => undefined)) as T;
}
