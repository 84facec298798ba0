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
    if (message.type() === "error") faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("response", (response) => {
    if (response.status() >= 400) faults.push(`${response.status()} ${response.url()}`);
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

/** A new person, signed in by cookie in this context; whoever asks by `headers` is taken for the page itself. */
export async function signedIn(base, context, { sample = false, profile = true } = {}) {
  const headers = { Origin: base };
  await context.request.post(`${base}/api/auth/demo`, { headers, data: { sample, cookie: true } });
  await context.addInitScript(() => {
    if (sessionStorage.getItem("walked") !== null) return;
    sessionStorage.setItem("walked", "1");
    localStorage.setItem("fintwin.signed-in", "1");
  });
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
  const me = await (await context.request.get(`${base}/api/auth/me`)).json();
  return { headers, me };
}

/** Another context of the same person, for instance with another theme. */
export async function again(browser, context, options) {
  const other = await browser.newContext({ ...options, storageState: await context.storageState() });
  await other.addInitScript(() => localStorage.setItem("fintwin.signed-in", "1"));
  return other;
}

/** Goes to a screen as a person does: by the side bar, which a phone has behind its menu. */
export async function visit(page, name) {
  const menu = page.getByRole("button", { name: "Menu" });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole("navigation", { name: "Main" }).getByRole("link", { name }).click();
  await page.getByRole("heading", { level: 1 }).waitFor();
}

/** Waits until nothing on the page is loading; the stream of news never ends, so the network is no measure. */
export async function settled(page) {
  await page.waitForFunction(
    () => document.querySelector('[aria-label="Loading"], .splash, [aria-busy="true"]') === null,
    undefined,
    { timeout: 20_000, polling: 200 },
  );
}

/**
 * A person who has filled a deposit of 77 in and does not press yet. What comes back presses it and throws unless exactly one deposit is
 * booked, however often the app had to ask.
 */
export async function aboutToDeposit(base) {
  const browser = await openBrowser();
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await signedIn(base, context);
  await page.goto(`${base}/transactions`);
  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await page.getByLabel("Amount").fill("77");
  const pressed = async () => {
    await page.locator("dialog[open]").getByRole("button", { name: "Deposit" }).click();
    console.log("pressed");
    await page.getByText("The balance is now").waitFor({ timeout: 60_000 });
    await page.waitForTimeout(500);
    const rows = await (await context.request.get(`${base}/api/transactions/`)).json();
    if (rows.length !== 1 || rows[0].amount !== 77) throw new Error(`${rows.length} transactions`);
    console.log("one deposit");
    await browser.close();
  };
  return { page, pressed };
}
