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

const times = [];
for (let tries = 0; tries < 5; tries += 1) {
  const { page } = await slowPage(context);
  const started = Date.now();
  await page.goto(`${base}/dashboard`, { waitUntil: "commit" });
  await page.locator(".wealth-total").waitFor();
  times.push(Date.now() - started);
  await page.close();
}
console.log(`dashboard usable, ms on a ${SLOWER} times slowed processor`, times);

// The processor's time is the same however busy the machine is: what the page itself costs, on all its threads.
const cdpOfAll = await browser.newBrowserCDPSession();
const rendering = async () =>
  new Map(
    (await cdpOfAll.send("SystemInfo.getProcessInfo")).processInfo
      .filter((one) => one.type === "renderer")
      .map((one) => [one.id, one.cpuTime * 1000]),
  );
const costs = [];
for (let tries = 0; tries < 5; tries += 1) {
  const page = await context.newPage();
  const before = await rendering();
  await page.goto(`${base}/dashboard`, { waitUntil: "commit" });
  await page.locator(".wealth-total").waitFor();
  const grown = [...(await rendering())].map(([id, ms]) => ms - (before.get(id) ?? 0));
  costs.push(Math.round(Math.max(...grown)));
  await page.close();
}
console.log("dashboard usable, ms of processor time, not slowed", costs);

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
