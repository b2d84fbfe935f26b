// Shows the prerendered page until its script renders it (both are templates that the build puts into index.html).
// The script is requested once the page is painted: on a slow connection it would delay the paint. Its modules follow, one
// file at a time, so that the browser can respond in between.
(() => {
  const page = location.pathname.slice(1) || "home";
  const drawn = document.getElementById(`${page}-${document.documentElement.lang}`);
  const needed = [...(drawn?.content.querySelectorAll("link") ?? [])];
  for (const link of needed) link.remove();
  let started = false;
  const start = () => {
    if (started) return;
    started = true;
    document.head.append(document.getElementById("script").content);
    for (const link of needed) setTimeout(() => document.head.append(link));
    // While the script loads.
    setTimeout(() => new Worker("/dates.js"));
  };
  if (drawn) document.getElementById("root").replaceChildren(drawn.content);
  if (!drawn || document.hidden) return start();
  // Some browsers report no paints, and a page in the background is not painted.
  setTimeout(start, 1_000);
  new PerformanceObserver((paints, observer) => {
    if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    start();
  }).observe({ type: "paint", buffered: true });
})();
