import { lazily } from "../ui/index.ts";

/** The living map; it comes when it is first shown. */
export const StreetMap = lazily(() => import("./StreetMap.tsx"));
