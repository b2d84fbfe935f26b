// A part of the service worker, whose notifications phones show. Pressed, one opens Activity.
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(openActivity());
});

async function openActivity() {
  const [page] = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (page === undefined) return self.clients.openWindow("/activity");
  // It goes there by itself (src/activity/news/NewsWatch.tsx), and keeps what it has read.
  page.postMessage("activity");
  return page.focus();
}
