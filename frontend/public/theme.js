// Runs before the first paint, so that a remembered theme never flashes. A file of its own: the policy allows no inline scripts.
(() => {
  try {
    const chosen = localStorage.getItem("fintwin.theme");
    if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is closed to us: the system's theme it is.
  }
})();
