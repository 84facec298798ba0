// How heavy the first page is, how soon the dashboard can be used on a slow processor, how smoothly a slider draws.
//
//     node e2e/speed.mjs http://localhost:8000
import { openBrowser } from "./browser.mjs";
import { signedIn } from "./walking.mjs";

const [base] = process.argv.slice(2);
const SLOWER = 4;
const browser = await openBrowser();

async function slowPage(context) {
  const page = await context.newPage();
  const cdp = await context.newCDPSession(page);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate: SLOWER });
  return { page, cdp };
}

{
  const context = await browser.newContext();
  const page = await context.newPage();
  const sizes = new Map();
  page.on("response", (response) => {
    const size = Number(response.headers()["content-length"] ?? 0);
    const kind = response.request().resourceType();
    sizes.set(kind, (sizes.get(kind) ?? 0) + size);
  });
  // What the compressed copies weigh as gzip, the common ground of browsers and proxies.
  await context.setExtraHTTPHeaders({ "Accept-Encoding": "gzip" });
  await page.goto(`${base}/login`, { waitUntil: "networkidle" });
  console.log("first page, bytes over the wire", Object.fromEntries(sizes));
  await context.close();
}

const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
await signedIn(base, context, { sample: true });

// A window of its own opens pages of Chromium's own, which is nothing that a person waits for with the dashboard.
const SETTLES_MS = 1500;
const TRIES = 7;

/** Opens the dashboard; returns what `measure` says when the total is there, and again when every figure is. */
async function opened(rate, measure) {
  const { page, cdp } = await slowPage(context);
  await page.waitForTimeout(SETTLES_MS);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate });
  const told = await measure(cdp);
  await page.goto(`${base}/dashboard`, { waitUntil: "commit" });
  await page.locator(".wealth-total").waitFor();
  const total = await told();
  await page.waitForFunction(
    () => document.querySelector(".persona") !== null && document.querySelector('[aria-label="Loading"]') === null,
    undefined,
    { polling: 50 },
  );
  const all = await told();
  await page.close();
  return { total: Math.round(total), all: Math.round(all) };
}

const tried = async (rate, measure) => {
  const found = [];
  for (let tries = 0; tries < TRIES; tries += 1) found.push(await opened(rate, measure));
  for (const name of ["total", "all"])
    console.log(
      `  ${name === "total" ? "total there" : "every figure and chart there"}:`,
      found.map((one) => one[name]).sort((x, y) => x - y),
    );
};
console.log(`dashboard, ms on a ${SLOWER} times slowed processor`);
await tried(SLOWER, () => {
  const started = Date.now();
  return () => Date.now() - started;
});
// The same however busy the machine is: the time that the processor works on the page's own thread.
console.log("dashboard, ms of processor time of the page's thread, not slowed");
await tried(1, async (cdp) => {
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" });
  return async () => {
    const { metrics } = await cdp.send("Performance.getMetrics");
    return 1000 * (metrics.find((one) => one.name === "TaskDuration")?.value ?? 0);
  };
});

for (const rate of [1, SLOWER]) {
  const { page, cdp } = await slowPage(context);
  await cdp.send("Emulation.setCPUThrottlingRate", { rate });
  await page.goto(`${base}/twin`);
  await page.getByText("Exact line, 1,000 drawn futures").waitFor({ timeout: 30_000 });
  const gaps = page.evaluate(
    () =>
      new Promise((resolve) => {
        const found = [];
        let before = performance.now();
        const until = before + 3000;
        requestAnimationFrame(function frame(now) {
          found.push(now - before);
          before = now;
          if (now < until) requestAnimationFrame(frame);
          else resolve(found.sort((a, b) => a - b));
        });
      }),
  );
  const slider = page.getByLabel("For months");
  const box = await slider.boundingBox();
  await page.mouse.move(box.x + 8, box.y + box.height / 2);
  await page.mouse.down();
  for (let step = 0; step < 90; step += 1) {
    await page.mouse.move(box.x + 8 + (step / 90) * (box.width - 16), box.y + box.height / 2);
    await page.waitForTimeout(25);
  }
  await page.mouse.up();
  const found = await gaps;
  const at = (share) => Math.round(found[Math.floor(found.length * share)]);
  console.log(
    `dragging a slider, ${rate} times slowed: frames a second`,
    Math.round(found.length / 3),
    "gap ms p50, p95, longest",
    at(0.5),
    at(0.95),
    Math.round(found.at(-1)),
  );
  await page.close();
}
await browser.close();
