// Runs before the first paint and chooses theme and language, so that the page does not first show in the wrong ones. The app
// starts from this choice (src/ui/theme.ts, src/i18n/messages.ts).
(() => {
  const recall = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      // Storage is forbidden: use the system's choice.
      return null;
    }
  };
  const page = document.documentElement;
  const theme = recall("wattline.theme");
  const dark =
    theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
  page.dataset.theme = dark ? "dark" : "light";

  const known = page.dataset.locales.split(" ");
  const wanted = [recall("wattline.locale"), ...navigator.languages].map((tag) => tag?.slice(0, 2));
  page.lang = wanted.find((locale) => known.includes(locale)) ?? known[0];
})();
