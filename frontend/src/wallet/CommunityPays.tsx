import { Trans } from "@lingui/react/macro";
import { Notice } from "../ui/index.ts";
import { usePayer } from "./payer.ts";

/** Says to who has no ether that signing is enough here. */
export function CommunityPays() {
  if (usePayer() !== "community") return null;
  return (
    <Notice>
      <Trans>
        Your account has no Ether, and needs none here: you only sign. The community's auctioneer
        sends it and pays the fee.
      </Trans>
    </Notice>
  );
}
