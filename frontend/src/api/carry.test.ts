import { beforeEach, expect, test, vi } from "vitest";
import { carry } from "./carry";
import { session } from "./session";

let fresh = false;
let refreshStatus = 204;
let asked: string[] = [];

beforeEach(() => {
  fresh = false;
  refreshStatus = 204;
  asked = [];
  session.begin();
  // jsdom has no locks between tabs; one tab needs none.
  vi.stubGlobal("navigator", { locks: { request: (_: string, work: () => Promise<Response>) => work() } });
  vi.stubGlobal("fetch", (input: Request | string) => {
    const path = typeof input === "string" ? input : new URL(input.url).pathname;
    asked.push(path);
    if (path === "/api/auth/refresh") {
      fresh = refreshStatus === 204;
      return Promise.resolve(new Response(null, { status: refreshStatus }));
    }
    return Promise.resolve(new Response(null, { status: fresh ? 200 : 401 }));
  });
});

const request = (path: string) => new Request(`http://localhost${path}`);

test("what was asked early is used once, and not after a write", async () => {
  fresh = true;
  const early = (status: number) => Promise.resolve(new Response(null, { status }));
  globalThis.fintwinEarly = { "/api/auth/me": early(203), "/api/accounts/": early(203) };
  expect((await carry(request("/api/auth/me"))).status).toBe(203);
  expect((await carry(request("/api/auth/me"))).status).toBe(200);
  await carry(new Request("http://localhost/api/transactions/", { method: "POST" }));
  expect((await carry(request("/api/accounts/"))).status).toBe(200);
});

test("two answers of 401 lead to one refresh, and both requests are made again", async () => {
  const answers = await Promise.all([carry(request("/api/a")), carry(request("/api/b"))]);
  expect(answers.map((one) => one.status)).toEqual([200, 200]);
  expect(asked.toSorted()).toEqual(["/api/a", "/api/a", "/api/auth/refresh", "/api/b", "/api/b"]);
  expect(session.is()).toBe(true);
});

test("a refresh that is refused ends the session", async () => {
  refreshStatus = 401;
  expect((await carry(request("/api/a"))).status).toBe(401);
  expect(session.is()).toBe(false);
});

test("a refresh that could not be answered leaves the session as it is", async () => {
  refreshStatus = 503;
  await expect(carry(request("/api/a"))).rejects.toMatchObject({ status: 503 });
  expect(session.is()).toBe(true);
});
