// What every walk does: a page that notes each console error and failed request, and a check by axe.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { openBrowser } from "./browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function walking(options, walk) {
  const browser = await openBrowser();
  try {
    const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", bypassCSP: true, ...options });
    context.setDefaultTimeout(15_000);
    const page = await context.newPage();
    const faults = watch(page);
    await walk({ page, context, browser, faults });
    if (faults.length > 0) throw new Error(faults.join("\n"));
  } finally {
    await browser.close();
  }
}

export function watch(page) {
  const faults = [];
  page.on("console", (message) => {
    // A stream that this version does not offer is asked for once; the app then looks by itself.
    if (message.type() === "error" && !message.location().url.endsWith("/api/live"))
      faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400 && !response.url().endsWith("/api/live"))
      faults.push(`${response.status()} ${response.url()}`);
  });
  return faults;
}

/** Throws with what axe finds wrong on the page as it is. */
export async function clean(page, name) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    }),
  );
  const told = violations.map(
    (one) =>
      `${one.id}: ${one.help}\n  ${one.nodes
        .slice(0, 4)
        .map((node) => `${node.target.join(" ")} ${node.any[0]?.message ?? ""}`)
        .join("\n  ")}`,
  );
  if (told.length > 0) throw new Error(`axe on ${name}\n${told.join("\n")}`);
}

export async function signedIn(base, context, { sample = false, profile = true } = {}) {
  const { ft_token: token } = await (await context.request.post(`${base}/api/auth/demo`, { data: { sample } })).json();
  const headers = { Authorization: `Bearer ${token}` };
  if (profile && !sample) {
    const data = {
      account_name: "Everyday",
      currency_preference: "EUR",
      monthly_income: 3000,
      financial_goal: "savings",
      risk_appetite: "medium",
    };
    await context.request.put(`${base}/api/auth/profile`, { headers, data });
  }
  const me = await (await context.request.get(`${base}/api/auth/me`, { headers })).json();
  return { token, headers, me };
}
