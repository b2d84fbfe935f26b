// Before the first paint, so that nobody in the dark is blinded: what src/app/theme.ts does later.
(() => {
  let chosen;
  try {
    chosen = localStorage.getItem("wattline.theme");
  } catch {
    // Storage is forbidden: the system's choice it is.
  }
  const dark =
    chosen === "dark" || (chosen !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
