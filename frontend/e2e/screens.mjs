// Every screen of a lived-in person, at two widths and in both themes.
import { again, clean, settled, signedIn, walking, watch } from "./walking.mjs";

const [base, ...only] = process.argv.slice(2);
const found = [];
const SCREENS = ["dashboard", "transactions", "twin", "risk", "portfolio", "notifications", "events", "settings"];

await walking({}, async ({ browser, context }) => {
  await signedIn(base, context, { sample: true });
  for (const viewport of [
    { width: 390, height: 844 },
    { width: 1440, height: 900 },
  ]) {
    for (const colorScheme of ["light", "dark"]) {
      if (only.length > 0 && !only.includes(`${viewport.width}-${colorScheme}`)) continue;
      const own = await again(browser, context, {
        viewport,
        colorScheme,
        locale: "en-GB",
        reducedMotion: "reduce",
        bypassCSP: true,
      });
      for (const name of SCREENS) {
        const page = await own.newPage();
        const faults = watch(page);
        await page.goto(`${base}/${name}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await settled(page);
        await clean(page, `${name} ${viewport.width} ${colorScheme}`).catch((error) => faults.push(error.message));
        const wider = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
        );
        if (wider > 1) faults.push(`the page is ${wider} px wider than the window`);
        if (faults.length > 0) found.push(`${name} ${viewport.width} ${colorScheme}\n${faults.join("\n")}`);
        else console.log("clean", name, viewport.width, colorScheme);
        await page.close();
      }
      await own.close();
    }
  }
  if (found.length > 0) throw new Error(found.join("\n\n"));
});
