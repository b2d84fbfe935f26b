import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { BookUser } from "lucide-react";
import { Suspense, useEffect, useState } from "react";
import { type Address, isAddressEqual } from "viem";
import { useClient, useConnection } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { cx, lazily, shortAddress } from "../ui/index.ts";
import { addName, useCalled } from "./names.ts";

const PersonDialog = lazily(() => import("./PersonDialog.tsx"));

/** Chains that have ENS: mainnet and Sepolia. */
const ENS_CHAINS = [1, 11_155_111];
const ENS_KEPT_MS = 3_600_000;

/** An account as people know it: by name where it has one. A press shows its address, and lets one name it for oneself. */
export function Person({
  address,
  className,
}: {
  readonly address: Address;
  readonly className?: string;
}) {
  const { t } = useLingui();
  const { address: me } = useConnection();
  const [isOpen, setIsOpen] = useState(false);
  const called = useCalled()(address);
  useEnsName(address, called === undefined);
  const isMe = me !== undefined && isAddressEqual(me, address);
  const isNamed = isMe || called !== undefined;
  return (
    <>
      <button
        type="button"
        title={address}
        onClick={() => setIsOpen(true)}
        aria-haspopup="dialog"
        className={cx(
          "inline-flex min-h-6 max-w-full items-center gap-1 rounded-md text-left decoration-control decoration-dotted underline-offset-4 hover:decoration-ink",
          isNamed ? "underline" : "font-mono text-[0.9em] underline",
          className,
        )}
      >
        <span className="truncate">{isMe ? t`You` : (called?.name ?? shortAddress(address))}</span>
        {!isMe && called?.origin === "own" && (
          <>
            <BookUser aria-hidden="true" className="size-3.5 shrink-0 text-muted" />
            <span className="sr-only">
              <Trans>(your own name)</Trans>
            </span>
          </>
        )}
      </button>
      {isOpen && (
        <Suspense>
          <PersonDialog address={address} isMe={isMe} onClose={() => setIsOpen(false)} />
        </Suspense>
      )}
    </>
  );
}

/** Looks an account up in ENS, where the chain has it. */
function useEnsName(address: Address, isWanted: boolean): void {
  const { chainId } = useNetwork().deployment;
  const client = useClient({ chainId });
  const { data } = useQuery({
    queryKey: ["ens", chainId, address],
    queryFn: async () => {
      if (client === undefined) return null;
      return (await import("./ens.ts")).readEnsName(client, address);
    },
    enabled: isWanted && ENS_CHAINS.includes(chainId),
    staleTime: ENS_KEPT_MS,
    retry: false,
  });
  useEffect(() => {
    if (data) addName("ens", address, { name: data });
  }, [data, address]);
}
