import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { CloudOff, Unplug, Zap } from "lucide-react";
import { getBlock } from "viem/actions";
import { useClient, useSwitchChain } from "wagmi";
import { chainOf, useNetwork } from "../chain/index.ts";
import { Button, formatMoment, Notice } from "../ui/index.ts";
import { Failure, isRejection } from "../wallet/index.ts";

/** What is wrong, and what still works. */
export type Trouble = "rpc" | "network" | "relay" | "offline" | "indexer" | "late";

/** One trouble in words. */
export default function Banner({
  trouble,
  indexedBlock,
}: {
  readonly trouble: Trouble;
  /** Up to where an indexer that is late has read. */
  readonly indexedBlock: bigint | undefined;
}) {
  switch (trouble) {
    case "rpc":
      return <RpcDown />;
    case "network":
      return <WrongNetwork />;
    case "relay":
      return <RelayDown />;
    case "offline":
      return <Offline />;
    case "indexer":
      return <IndexerDown />;
    case "late":
      return <IndexerLate block={indexedBlock} />;
  }
}

function RpcDown() {
  const { name } = useNetwork();
  return (
    <Notice tone="danger" icon={<Zap className="size-5" />}>
      <Trans>
        <strong>{name} does not answer.</strong> What you see may be out of date, and nothing can be
        sent until it answers again. Wattline keeps trying.
      </Trans>
    </Notice>
  );
}

function WrongNetwork() {
  const network = useNetwork();
  const switchChain = useSwitchChain();
  const { name, deployment } = network;
  return (
    <Notice
      tone="warning"
      icon={<Unplug className="size-5" />}
      action={
        <Button
          size="small"
          busy={switchChain.isPending}
          onClick={() =>
            switchChain.mutate({
              chainId: deployment.chainId,
              addEthereumChainParameter: addParametersOf(chainOf(network)),
            })
          }
        >
          <Trans>Switch to {name}</Trans>
        </Button>
      }
    >
      <Trans>
        <strong>Your wallet is on another network.</strong> You can look around; to trade, switch it
        to {name}.
      </Trans>
      {switchChain.error && !isRejection(switchChain.error) && (
        <div className="mt-1 text-danger">
          <Failure error={switchChain.error} />
        </div>
      )}
    </Notice>
  );
}

const addParametersOf = ({ name, nativeCurrency, rpcUrls }: ReturnType<typeof chainOf>) => ({
  chainName: name,
  nativeCurrency,
  rpcUrls: rpcUrls.default.http,
});

function RelayDown() {
  return (
    <Notice tone="warning" icon={<CloudOff className="size-5" />}>
      <Trans>
        <strong>The order book does not answer.</strong> Trading goes on with orders that are
        announced on chain.
      </Trans>
    </Notice>
  );
}

function Offline() {
  return (
    <Notice tone="warning" icon={<Unplug className="size-5" />}>
      <Trans>
        <strong>No blocks come from the chain.</strong> Neighbours can go on signing offers and bids
        here; bids and bonds count only with escrow that is locked beyond their end. Trades are
        settled when the link is back.
      </Trans>
    </Notice>
  );
}

function IndexerDown() {
  return (
    <Notice tone="warning" icon={<CloudOff className="size-5" />}>
      <Trans>
        <strong>The indexer does not answer.</strong> The history is read from the chain, which
        takes longer.
      </Trans>
    </Notice>
  );
}

/** What is read from the indexer is of an earlier time; one's own deeds are read from the chain then. */
function IndexerLate({ block }: { readonly block: bigint | undefined }) {
  const { deployment } = useNetwork();
  const client = useClient({ chainId: deployment.chainId });
  const { data: time } = useQuery({
    queryKey: ["blockTime", deployment.chainId, String(block)],
    queryFn: async () =>
      client === undefined || block === undefined
        ? null
        : Number((await getBlock(client, { blockNumber: block })).timestamp),
  });
  const moment = formatMoment(time ?? 0);
  return (
    <Notice tone="warning" icon={<CloudOff className="size-5" />}>
      {time ? (
        <Trans>
          <strong>The history is as of {moment}.</strong> The indexer is late: what others have done
          since then is still missing in it.
        </Trans>
      ) : (
        <Trans>
          <strong>The indexer is still reading the chain.</strong> The newest part of the history is
          missing.
        </Trans>
      )}
    </Notice>
  );
}
