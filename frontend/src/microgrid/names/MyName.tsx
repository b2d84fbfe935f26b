import { Trans } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { Suspense, useState } from "react";
import type { Address } from "viem";
import { useDirectory } from "../../people/index.ts";
import { Button, lazily } from "../../ui/index.ts";
import { listingOf } from "./listed.ts";
import { NO_WORDS } from "./words.ts";

const NameDialog = lazily(() => import("./NameDialog.tsx"));
const route = getRouteApi("/microgrid");

/** Opens what a household says about its own name; at once for who comes by the operator's invitation. */
export function MyName({
  microgrid,
  account,
}: {
  readonly microgrid: Microgrid;
  readonly account: Address;
}) {
  const { name, street = "", task } = route.useSearch();
  const invited = name !== undefined && task === undefined ? { name, street } : undefined;
  const [isOpen, setIsOpen] = useState(invited !== undefined);
  const { data: signed } = useDirectory(microgrid);
  const present = listingOf(signed?.directory.listings ?? [], account);
  return (
    <>
      <Button size="small" onClick={() => setIsOpen(true)}>
        <Trans>Your name here</Trans>
      </Button>
      {isOpen && (
        <Suspense>
          <NameDialog
            microgrid={microgrid}
            account={account}
            proposed={invited ?? present ?? NO_WORDS}
            onClose={() => setIsOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
