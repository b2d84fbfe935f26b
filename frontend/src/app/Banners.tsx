import { Suspense } from "react";
import { later } from "../browser/index.ts";
import { useHealth } from "../data/index.ts";
import { lazily } from "../ui/index.ts";
import type { Trouble } from "./Banner.tsx";

// Fetched ahead: it is needed when something can't be reached.
const Banner = lazily(later(() => import("./Banner.tsx")));

/** What is down and what still works; nothing when all is well. */
export function Banners() {
  const { rpc, relay, indexer, indexedBlock, wallet } = useHealth();
  const isUp = rpc !== "down";
  const troubles: readonly (Trouble | false)[] = [
    !isUp && "rpc",
    wallet === "wrong network" && "network",
    isUp && relay === "down" && "relay",
    isUp && relay === "offline" && "offline",
    isUp && indexer === "down" && "indexer",
    isUp && indexer === "late" && "late",
  ];
  const found = troubles.filter((one) => one !== false);
  if (found.length === 0) return null;
  return (
    <div className="mx-auto flex max-w-7xl flex-col gap-2 px-4 pt-3">
      <Suspense>
        {found.map((trouble) => (
          <Banner key={trouble} trouble={trouble} indexedBlock={indexedBlock} />
        ))}
      </Suspense>
    </div>
  );
}
