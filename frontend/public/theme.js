// Runs before the first paint, so that a remembered theme never flashes, and asks for what the first picture of somebody who is signed in
// is made of, while the app's code is still on its way. A file of its own: the policy allows no inline scripts.
(() => {
  try {
    const chosen = localStorage.getItem("fintwin.theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
    if (localStorage.getItem("fintwin.signed-in") === null) return;
    // The build writes down which files those are.
    for (const href of (document.currentScript.dataset.ahead ?? "").split(" ").filter(Boolean)) {
      const link = document.createElement("link");
      link.rel = href.endsWith(".css") ? "preload" : "modulepreload";
      if (link.rel === "preload") link.as = "style";
      link.crossOrigin = "anonymous";
      link.href = href;
      document.head.append(link);
    }
    const early = ["/api/auth/me", "/api/accounts/"];
    if (/^\/(?:dashboard)?$/.test(location.pathname))
      early.push("/api/portfolio/history", "/api/portfolio/", "/api/transactions/?limit=7", "/api/status");
    globalThis.fintwinEarly = {};
    for (const path of early) {
      globalThis.fintwinEarly[path] = fetch(path);
      // Whoever takes it up handles a failure; until then it is nobody's.
      globalThis.fintwinEarly[path].catch(() => undefined);
    }
    // The first formatter of a page makes the browser look through every locale it has. Now is the time: the answers are not there yet.
    setTimeout(() => new Intl.NumberFormat(navigator.language, { style: "currency", currency: "EUR" }));
  } catch {
    // Storage is closed to us: the system's theme it is, and nothing is asked early.
  }
})();
