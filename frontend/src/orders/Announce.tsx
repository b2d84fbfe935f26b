import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import type { SignedOrder } from "@wattline/sdk";
import { CloudOff } from "lucide-react";
import { useState } from "react";
import { estimateGas, getGasPrice } from "viem/actions";
import { useClient, useConnection } from "wagmi";
import { type Call, chainOf, useNetwork } from "../chain/index.ts";
import { Button, formatCount, formatMoney, Notice } from "../ui/index.ts";

const FEE_DIGITS = { maximumFractionDigits: 7 };

/** The orders are signed and no relay takes them: they can be announced on chain, for its fee. */
export function Announce({
  signed,
  call,
  onAnnounce,
  onTryAgain,
  onBack,
}: {
  readonly signed: readonly SignedOrder[];
  readonly call: Call;
  onAnnounce(): Promise<unknown>;
  onTryAgain(): Promise<unknown>;
  onBack(): void;
}) {
  const { t } = useLingui();
  const { nativeCurrency } = chainOf(useNetwork());
  const [busy, setBusy] = useState<"announce" | "again">();
  const cost = useAnnounceCost(call);
  const during = (what: "announce" | "again", act: () => Promise<unknown>) => {
    setBusy(what);
    void act().finally(() => setBusy(undefined));
  };
  const gas = cost && formatCount(cost.gas);
  const fee = cost && formatMoney(cost.wei, nativeCurrency, FEE_DIGITS);
  const price = cost ? t`The network fee is about ${fee ?? ""} (${gas ?? ""} gas).` : "";
  return (
    <div className="flex flex-col gap-4">
      <Notice tone="warning" icon={<CloudOff className="size-5" />}>
        <p className="font-semibold">
          <Trans>You have signed, but the offers book does not answer.</Trans>
        </p>
        <p className="mt-1">
          <Trans>
            Nobody has seen it yet. You can announce it on chain instead: everybody finds it there,
            also without the book. {price}
          </Trans>
        </p>
      </Notice>
      <Button
        look="primary"
        size="large"
        busy={busy === "announce"}
        onClick={() => during("announce", onAnnounce)}
      >
        {signed.length === 1 ? (
          <Trans>Announce on chain</Trans>
        ) : (
          <Trans>Announce {signed.length} orders on chain</Trans>
        )}
      </Button>
      <Button busy={busy === "again"} onClick={() => during("again", onTryAgain)}>
        <Trans>Try the offers book again</Trans>
      </Button>
      <Button look="ghost" onClick={onBack}>
        <Trans>Back to the form</Trans>
      </Button>
    </div>
  );
}

/** Gas and wei of announcing; undefined while that is not known. */
function useAnnounceCost({ to, data }: Call) {
  const { chainId } = useNetwork().deployment;
  const client = useClient({ chainId });
  const { address: account } = useConnection();
  const { data: cost } = useQuery({
    queryKey: ["announceCost", chainId, account, data],
    queryFn: async () => {
      if (client === undefined || account === undefined) throw new Error("No wallet is connected.");
      const [gas, price] = await Promise.all([
        estimateGas(client, { account, to, data }),
        getGasPrice(client),
      ]);
      return { gas, wei: gas * price };
    },
    retry: false,
  });
  return cost;
}
