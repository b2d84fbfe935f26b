import { lazily } from "../ui/index.ts";

/** What has happened to a household and what waits for it: one page, and what others show of it. */
export { activityRoute } from "./route.ts";

/** Counts the news and tells them; comes when an account is connected. */
export const NewsWatch = lazily(() => import("./news/NewsWatch.tsx"));

/** The newest entries, for a page that is not of this folder. */
export const RecentActivity = lazily(() => import("./RecentActivity.tsx"));
