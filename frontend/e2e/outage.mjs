// The service dies while a deposit is pressed; the person waits, and there is one deposit.
import { openBrowser } from "./browser.mjs";
import { signedIn } from "./walking.mjs";

const [base] = process.argv.slice(2);
const pause = (ms) => new Promise((resume) => setTimeout(resume, ms));
const browser = await openBrowser();
const context = await browser.newContext({ locale: "en-GB" });
const page = await context.newPage();
await signedIn(base, context);
await page.goto(`${base}/transactions`);
await page.getByRole("button", { name: "Deposit", exact: true }).click();
await page.getByLabel("Amount").fill("77");
// The request reaches the service; its answer never reaches the browser, which therefore has to ask again.
let cut = 0;
await page.route("**/api/transactions/", async (route) => {
  if (route.request().method() !== "POST" || cut > 0) return route.fallback();
  cut += 1;
  await route.fetch();
  return route.abort("connectionreset");
});
await page.locator("dialog[open]").getByRole("button", { name: "Deposit" }).click();
console.log("pressed");
await page.getByText("The balance is now").waitFor({ timeout: 60_000 });
await pause(500);
const rows = await (await context.request.get(`${base}/api/transactions/`)).json();
if (rows.length !== 1 || rows[0].amount !== 77) throw new Error(`${rows.length} transactions`);
console.log("one deposit");
await browser.close();
