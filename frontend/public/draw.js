// Shows the page as it first looks, until its script draws it anew (both are templates that the build has put into index.html).
// The script is sent for once that is to be seen: on a slow line it would keep the page back. What it will need follows, one
// file at a time, so that the browser may answer in between.
(() => {
  const page = location.pathname.replace(/^\/$/, "/market").slice(1);
  const drawn = document.getElementById(`${page}-${document.documentElement.lang}`);
  const needed = [...(drawn?.content.querySelectorAll("link") ?? [])];
  for (const link of needed) link.remove();
  let started = false;
  const start = () => {
    if (started) return;
    started = true;
    document.head.append(document.getElementById("script").content);
    for (const link of needed) setTimeout(() => document.head.append(link));
    // A browser takes its time to write its first date: it has it now, while the script is on its way.
    setTimeout(() => Intl.DateTimeFormat());
  };
  if (drawn) document.getElementById("root").replaceChildren(drawn.content);
  if (!drawn || document.hidden) return start();
  // Some browsers keep to themselves what they have painted, and a page that nobody looks at is not painted.
  setTimeout(start, 1_000);
  new PerformanceObserver((paints, observer) => {
    if (paints.getEntriesByName("first-contentful-paint").length === 0) return;
    observer.disconnect();
    start();
  }).observe({ type: "paint", buffered: true });
})();
