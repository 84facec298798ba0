// Further ways of a new person: a bank's file found again in the twin, kept runs compared, a holding, notifications, the theme.
import { signedIn, walking } from "./walking.mjs";

const [base] = process.argv.slice(2);
const ROWS = 2000;

/** Two years and more of a made-up account: salary, rent, and small payments in between. */
function bankFile() {
  const lines = ["Date,Description,Amount"];
  const start = new Date();
  start.setUTCDate(start.getUTCDate() - ROWS / 2);
  for (let row = 0; row < ROWS; row += 1) {
    const day = new Date(start.getTime() + Math.floor(row / 2) * 864e5);
    const date = day.toISOString().slice(0, 10);
    if (row % 2 === 0 && day.getUTCDate() === 1) lines.push(`${date},Employer payroll,3100.00`);
    else if (row % 2 === 0 && day.getUTCDate() === 3) lines.push(`${date},Landlord,-1100.00`);
    else lines.push(`${date},Corner shop,-${(5 + (row % 17)).toFixed(2)}`);
  }
  return lines.join("\n");
}

await walking({ viewport: { width: 1440, height: 900 } }, async ({ page, context }) => {
  const { token, headers } = await signedIn(base, context);
  await context.request.post(`${base}/api/transactions/`, {
    headers,
    data: { type: "deposit", amount: 5000, effective_at: new Date(Date.now() - (ROWS / 2 + 2) * 864e5).toISOString() },
  });
  await page.addInitScript((value) => localStorage.setItem("fintwin.token", value), token);

  await page.goto(`${base}/transactions?new=import`);
  await page
    .getByLabel("CSV file")
    .setInputFiles({ name: "bank.csv", mimeType: "text/csv", buffer: Buffer.from(bankFile()) });
  await page.getByRole("button", { name: /^Book \d+ rows/ }).click({ timeout: 30_000 });
  await page.getByText("transactions are booked").waitFor({ timeout: 60_000 });
  console.log("imported");

  await page.goto(`${base}/twin`);
  for (const name of ["Employer payroll", "Landlord"]) await page.getByLabel(`Name of ${name}`).waitFor();
  for (const name of ["Three months", "Four months"]) {
    await page.getByText("Exact line, 1,000 drawn futures").waitFor({ timeout: 30_000 });
    await page.getByLabel("Keep this run as").fill(name);
    await page.getByRole("button", { name: "Keep", exact: true }).click();
    await page.getByLabel(`Compare ${name}`).check();
    await page.getByLabel("For months").press("ArrowRight");
  }
  await page.getByRole("button", { name: "Compare 2" }).click();
  await page.getByText("They end at").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  console.log("compared");

  await page.getByRole("link", { name: "Portfolio" }).click();
  await page.getByRole("button", { name: "Add a holding" }).first().click();
  await page.getByLabel("Ticker").fill("TEST");
  await page.getByLabel("Name", { exact: true }).fill("A fund");
  await page.getByLabel("Quantity").fill("10");
  await page.getByLabel("Price paid").fill("50");
  await page.getByLabel("Price now").fill("60");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("button", { name: "Remove TEST" }).waitFor();
  console.log("held");

  await page.getByRole("link", { name: /Notifications/ }).click();
  await page.getByRole("button", { name: "Read all" }).click();
  await page.locator(".notification.fresh").first().waitFor({ state: "detached" });
  console.log("read");

  await page.getByRole("link", { name: "Settings" }).click();
  await page.getByRole("radio", { name: "Dark" }).check();
  await page.reload();
  if ((await page.evaluate(() => document.documentElement.dataset.theme)) !== "dark")
    throw new Error("the theme is forgotten");
  console.log("dark");
});
