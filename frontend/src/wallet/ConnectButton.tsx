import { Trans } from "@lingui/react/macro";
import { Wallet } from "lucide-react";
import { Suspense, useState } from "react";
import { useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { useCalled } from "../people/index.ts";
import { Button, cx, lazily, shortAddress } from "../ui/index.ts";
import { DEMO_WALLET, selectedDemoAccount } from "./demo/connector.ts";

const WalletDialog = lazily(() => import("./dialogs/WalletDialog.tsx"));

/** Connects a wallet, or shows which account is connected; a press opens the choice of wallets or accounts. */
export function ConnectButton({ prominent = false }: { readonly prominent?: boolean }) {
  const { address, connector } = useConnection();
  const { demo } = useNetwork();
  const [open, setOpen] = useState(false);
  const called = useCalled();
  const name =
    (connector?.id === DEMO_WALLET ? demo?.accounts[selectedDemoAccount()]?.name : undefined) ??
    (address && called(address)?.name);
  return (
    <>
      <Button
        look={address ? "secondary" : "primary"}
        size={prominent ? "large" : "normal"}
        // In the header of a phone there is no room to spare.
        className={prominent ? "" : "max-sm:px-3"}
        onClick={() => setOpen(true)}
        aria-haspopup="dialog"
      >
        <Wallet aria-hidden="true" className={cx("size-4", !prominent && "max-sm:hidden")} />
        {address ? (
          <span>{name ?? <span className="font-mono">{shortAddress(address)}</span>}</span>
        ) : (
          <>
            <span className={cx(!prominent && "max-xl:hidden")}>
              <Trans>Connect wallet</Trans>
            </span>
            {!prominent && (
              <span className="xl:hidden">
                <Trans context="a wallet">Connect</Trans>
              </span>
            )}
          </>
        )}
      </Button>
      {open && (
        <Suspense>
          <WalletDialog onClose={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
