// Signing in with Google's button against a stand-in for Google on this machine, under the very headers that people get.
//
// What Google serves is answered here at Google's own addresses, so the browser holds each of them against the policy: the script, its
// style sheet, the frame with the button, the request behind it, and the person's picture. Tokens come from a local issuer.
import { openBrowser } from "./browser.mjs";
import { watch } from "./walking.mjs";

const [base, issuer] = process.argv.slice(2);
const PIXEL = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==",
  "base64",
);

// As Google's does: renders a framed button, styles it, and tells the page what came of a click.
const SCRIPT = `
const gsi = "https://accounts.google.com/gsi/";
let options;
window.google = { accounts: { id: {
  initialize(given) { options = given; },
  renderButton(parent) {
    const style = document.createElement("link");
    style.rel = "stylesheet";
    style.href = gsi + "style";
    document.head.append(style);
    const frame = document.createElement("iframe");
    frame.src = gsi + "button?client_id=" + options.client_id;
    frame.title = "Sign in with Google Button";
    parent.replaceChildren(frame);
    window.addEventListener("message", async ({ origin, data }) => {
      if (origin !== "https://accounts.google.com" || data !== "clicked") return;
      const answer = await fetch(gsi + "issue?nonce=" + encodeURIComponent(options.nonce ?? ""));
      options.callback({ credential: await answer.text() });
    });
  },
  prompt() {},
  cancel() {},
} } };
`;
const BUTTON = `<!doctype html><title>Button</title><button>Continue with Google</button>
<script>document.querySelector("button").onclick = () => parent.postMessage("clicked", "*");</script>`;

const asked = new Set();
const google = async (route) => {
  const { pathname, searchParams } = new URL(route.request().url());
  asked.add(pathname);
  const open = { "Access-Control-Allow-Origin": "*" };
  if (pathname === "/gsi/client") await route.fulfill({ contentType: "text/javascript", body: SCRIPT });
  else if (pathname === "/gsi/style") await route.fulfill({ contentType: "text/css", body: "iframe { border: 0 }" });
  else if (pathname === "/gsi/button") await route.fulfill({ contentType: "text/html", body: BUTTON });
  else if (pathname === "/gsi/issue") {
    const token = await (await fetch(`${issuer}?nonce=${searchParams.get("nonce")}`)).text();
    await route.fulfill({ contentType: "text/plain", headers: open, body: token });
  } else await route.fulfill({ status: 404, headers: open });
};

function must(holds, words) {
  if (!holds) throw new Error(words);
}

const browser = await openBrowser();
try {
  const context = await browser.newContext({ locale: "en-GB" });
  context.setDefaultTimeout(15_000);
  await context.route("https://accounts.google.com/**", google);
  await context.route("https://lh3.googleusercontent.com/**", (route) =>
    route.fulfill({ contentType: "image/png", body: PIXEL }),
  );
  const page = await context.newPage();
  const faults = watch(page);

  const headers = (await page.goto(`${base}/login`)).headers();
  must(headers["cross-origin-opener-policy"] === "same-origin-allow-popups", "Google's window could not answer");
  must(!/unsafe|\*/.test(headers["content-security-policy"]), `a loose policy: ${headers["content-security-policy"]}`);

  await page.frameLocator("iframe").getByRole("button", { name: "Continue with Google" }).click();
  await page.waitForURL(/onboarding/);
  for (const path of ["/gsi/client", "/gsi/style", "/gsi/button", "/gsi/issue"])
    must(asked.has(path), `${path} was not asked for`);
  console.log("signed in");

  const [cookie] = (await context.cookies()).filter(({ name }) => name === "ft_session");
  must(cookie?.httpOnly && cookie.sameSite === "Strict", "the cookie is not as it should be");
  const stored = await page.evaluate(
    () => `${document.cookie} ${JSON.stringify(localStorage)} ${JSON.stringify(sessionStorage)}`,
  );
  must(!stored.includes("ey") && !stored.includes(cookie.value.slice(-20)), `scripts can read the session: ${stored}`);
  console.log("kept from scripts");

  must(faults.length === 0, faults.join("\n"));
  // What the policy is for: nothing that was slipped in runs, loads or sends.
  const slipped = await page.evaluate(async () => {
    const image = (src) =>
      new Promise((done) => {
        const one = new Image();
        one.onload = () => done("loads");
        one.onerror = () => done("blocked");
        one.src = src;
      });
    const script = document.createElement("script");
    script.textContent = "window.slipped = true";
    document.body.append(script);
    document.body.insertAdjacentHTML("beforeend", "<p style='color:red' onclick='window.slipped = true'>x</p>");
    document.body.lastElementChild.click();
    return {
      inline: window.slipped === true,
      evaluated: await new Promise((done) => {
        setTimeout("window.evaluated = true", 0);
        setTimeout(() => done(window.evaluated === true), 100);
      }),
      elsewhere: await image("https://example.org/spy.png"),
      picture: await image("https://lh3.googleusercontent.com/a/ada=s96-c"),
      sent: await fetch("https://example.org/", { mode: "no-cors" }).then(
        () => true,
        () => false,
      ),
    };
  });
  const wanted = { inline: false, evaluated: false, elsewhere: "blocked", picture: "loads", sent: false };
  must(JSON.stringify(slipped) === JSON.stringify(wanted), `the policy lets through: ${JSON.stringify(slipped)}`);
  console.log("nothing slips in");
} finally {
  await browser.close();
}
