// The service dies while a deposit is pressed; the person waits, and there is one deposit.
import { aboutToDeposit } from "./walking.mjs";

const { page, pressed } = await aboutToDeposit(process.argv[2]);
// The request reaches the service; its answer never reaches the browser, which therefore has to ask again.
let cut = 0;
await page.route("**/api/transactions/", async (route) => {
  if (route.request().method() !== "POST" || cut > 0) return route.fallback();
  cut += 1;
  await route.fetch();
  return route.abort("connectionreset");
});
await pressed();
