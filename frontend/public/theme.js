// Runs before the first paint, so that a remembered theme never flashes, and asks for what nearly every screen needs while the app's code
// is still on its way. A file of its own: the policy allows no inline scripts.
(() => {
  try {
    const chosen = localStorage.getItem("fintwin.theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
    if (localStorage.getItem("fintwin.signed-in") === null) return;
    globalThis.fintwinEarly = {};
    for (const path of ["/api/auth/me", "/api/accounts/"]) {
      globalThis.fintwinEarly[path] = fetch(path);
      // Whoever takes it up handles a failure; until then it is nobody's.
      globalThis.fintwinEarly[path].catch(() => undefined);
    }
  } catch {
    // Storage is closed to us: the system's theme it is, and nothing is asked early.
  }
})();
