import type { OwnUse } from "@wattline/sdk/need";
import { useCallback, useMemo, useState } from "react";
import type { Address } from "viem";
import { useConnection } from "wagmi";
import * as z from "zod/mini";
import { forget, recall, remember } from "../browser/index.ts";

/* How a household uses energy, as its meter tells: kept in this browser alone. */

const QUARTER_HOURS = 96;
const watts = z.array(z.nullable(z.number().check(z.nonnegative()))).check(z.length(QUARTER_HOURS));
const schema: z.ZodMiniType<OwnUse> = z.object({
  workdays: watts,
  weekends: watts,
  standardHouseholds: z.number().check(z.positive()),
  untilSeconds: z.number(),
});

/** A household's own use, as far as it was given to this browser. */
export interface OwnUseHere {
  readonly own: OwnUse | undefined;
  take(own: OwnUse): void;
  forget(): void;
}

/** The own use of the connected account, or what was given before one was connected. */
export function useOwnUse(): OwnUseHere {
  const { address } = useConnection();
  const kept = useMemo(() => recallOwnUse(address), [address]);
  const [changed, setChanged] = useState<{ readonly by: typeof address; readonly own?: OwnUse }>();
  const take = useCallback(
    (own: OwnUse) => {
      rememberOwnUse(address, own);
      setChanged({ by: address, own });
    },
    [address],
  );
  const forgetIt = useCallback(() => {
    for (const key of keysOf(address)) forget(key);
    setChanged({ by: address });
  }, [address]);
  return {
    own: changed !== undefined && changed.by === address ? changed.own : kept,
    take,
    forget: forgetIt,
  };
}

const rememberOwnUse = (holder: Address | undefined, own: OwnUse): void =>
  remember(keyOf(holder), JSON.stringify(own));

function recallOwnUse(holder: Address | undefined): OwnUse | undefined {
  const [kept] = keysOf(holder).flatMap((key) => recall(key) ?? []);
  try {
    const parsed = schema.safeParse(JSON.parse(kept ?? "null"));
    return parsed.success ? parsed.data : undefined;
  } catch {
    return undefined;
  }
}

const keyOf = (holder: Address | undefined): string =>
  `wattline.ownUse.${holder?.toLowerCase() ?? "nobody"}`;

const keysOf = (holder: Address | undefined): readonly string[] => [
  ...new Set([keyOf(holder), keyOf(undefined)]),
];
