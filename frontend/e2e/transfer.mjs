// One person pays another, who sees it without touching anything.
import { signedIn, walking } from "./walking.mjs";

const [base] = process.argv.slice(2);

await walking({}, async ({ page, browser, context }) => {
  const { headers } = await signedIn(base, context);
  await context.request.post(`${base}/api/transactions/`, { headers, data: { type: "deposit", amount: 100 } });

  const elsewhere = await browser.newContext({ locale: "en-GB" });
  const payee = await signedIn(base, elsewhere);
  const other = await elsewhere.newPage();
  await other.goto(`${base}/dashboard`);
  await other.getByText("Nothing booked yet").waitFor();

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
