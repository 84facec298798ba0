// Pictures of every screen, at a phone's and a desk's width, in both themes, from a running service in demo mode.
//
//     node e2e/screenshots.mjs http://localhost:8000 ../docs/screenshots [screen ...]
import { mkdirSync } from "node:fs";
import { openBrowser } from "./browser.mjs";
import { again, settled, signedIn } from "./walking.mjs";

const [base = "http://localhost:8000", folder = "../docs/screenshots", ...only] = process.argv.slice(2);
const SCREENS = ["dashboard", "transactions", "twin", "risk", "portfolio", "notifications", "events", "settings"];
const WIDTHS = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };
const wanted = (name) => only.length === 0 || only.includes(name);

mkdirSync(folder, { recursive: true });
const browser = await openBrowser();
const lived = await browser.newContext();
await signedIn(base, lived, { sample: true });
const fresh = await browser.newContext();
await signedIn(base, fresh, { profile: false });

const widths = (process.env.WIDTHS ?? "desk,phone").split(",");
const themes = (process.env.THEMES ?? "light,dark").split(",");
for (const [width, viewport] of Object.entries(WIDTHS).filter(([name]) => widths.includes(name))) {
  for (const colorScheme of themes) {
    const shoot = async (name, path, person) => {
      if (!wanted(name)) return;
      const options = {
        viewport,
        colorScheme,
        locale: "en-GB",
        reducedMotion: "reduce",
        deviceScaleFactor: 1,
      };
      const context = person === null ? await browser.newContext(options) : await again(browser, person, options);
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.log(name, "console:", message.text()));
      page.on("pageerror", (error) => console.log(name, "error:", error.message));
      await page.goto(`${base}${path}`, { waitUntil: "domcontentloaded" });
      await page.getByRole("heading", { level: 1 }).waitFor();
      await settled(page);
      await page.waitForTimeout(300);
      await page.screenshot({
        path: `${folder}/${name}-${width}-${colorScheme}.png`,
        fullPage: name !== "transactions" && name !== "events",
      });
      await context.close();
    };
    await shoot("login", "/login", null);
    await shoot("onboarding", "/onboarding", fresh);
    for (const name of SCREENS) await shoot(name, `/${name}`, lived);
  }
}
await browser.close();
