// Before the first paint: what the app then goes on from (src/ui/theme.ts, src/i18n/messages.ts). Theme and language are chosen
// here alone, so that nobody in the dark is blinded and nobody is greeted in the wrong language.
(() => {
  const recall = (key) => {
    try {
      return localStorage.getItem(key);
    } catch {
      // Storage is forbidden: the system's choice it is.
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
