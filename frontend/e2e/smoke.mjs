// A new person: sign in, profile, first deposit, dashboard, history verified in the browser.
import { clean, walking } from "./walking.mjs";

const [base] = process.argv.slice(2);

await walking({ viewport: { width: 1280, height: 900 } }, async ({ page }) => {
  await page.goto(base);
  await page.getByRole("button", { name: "Start empty" }).waitFor();
  await clean(page, "login");
  await page.getByRole("button", { name: "Start empty" }).click();

  await page.getByLabel("Name").fill("Everyday");
  await page.getByLabel("Currency").selectOption("EUR");
  await page.getByLabel("Monthly income").fill("3,200.50");
  await clean(page, "onboarding, first step");
  await page.getByRole("button", { name: "Continue" }).click();
  await page.getByRole("button", { name: /A first deposit/ }).click();
  await page.getByLabel("On the account today").fill("1,500");
  await page.reload();
  await page.getByRole("button", { name: /A first deposit/ }).click();
  await page.getByLabel("On the account today").fill("1,500");
  await clean(page, "onboarding, second step");
  await page.getByRole("button", { name: "Deposit and begin" }).click();

  await page.getByText("Opening balance").first().waitFor();
  await page.locator(".wealth-total", { hasText: "€1,500.00" }).waitFor();
  await page.keyboard.press("Tab");
  await clean(page, "dashboard");

  await page.getByRole("button", { name: "Deposit", exact: true }).click();
  await page.getByLabel("Amount").fill("12.34");
  await page.locator("dialog[open]").getByRole("button", { name: "Deposit" }).click();
  await page.getByText("The balance is now").waitFor();
  await page.getByRole("button", { name: "Done" }).click();
  await page.locator(".wealth-total", { hasText: "€1,512.34" }).waitFor();

  await page.getByRole("link", { name: "My events" }).click();
  await page.getByRole("button", { name: "Verify now" }).click();
  await page.getByText("nothing in between is changed").waitFor();
  await page.getByText("The service has signed the same ends").waitFor();
  await clean(page, "events");
  console.log("verified");

  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Start empty" }).waitFor();
});
