// One person pays another, who sees it without touching anything.
import { signedIn, walking } from "./walking.mjs";

const [base] = process.argv.slice(2);

await walking({}, async ({ page, browser, context }) => {
  const payer = await signedIn(base, context);
  const payee = await signedIn(base, context);
  await context.request.post(`${base}/api/transactions/`, {
    headers: payer.headers,
    data: { type: "deposit", amount: 100 },
  });

  const other = await (await browser.newContext({ locale: "en-GB" })).newPage();
  await other.addInitScript((value) => localStorage.setItem("fintwin.token", value), payee.token);
  await other.goto(`${base}/dashboard`);
  await other.getByText("Nothing booked yet").waitFor();

  await page.addInitScript((value) => localStorage.setItem("fintwin.token", value), payer.token);
  await page.goto(`${base}/transactions`);
  await page.getByRole("button", { name: "Transfer" }).click();
  await page.getByLabel("Amount").fill("25");
  await page.getByLabel("Account id of the recipient").fill(payee.me.id);
  await page.getByText("This account takes EUR.").waitFor();
  await page.locator("dialog[open]").getByRole("button", { name: "Transfer" }).click();
  await page.getByText("The balance is now").waitFor();

  await other.locator(".wealth-total", { hasText: "€25.00" }).waitFor();
  console.log("arrived");
});
