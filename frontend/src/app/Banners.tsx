import { Trans } from "@lingui/react/macro";
import { CloudOff, Unplug, Zap } from "lucide-react";
import { useSwitchChain } from "wagmi";
import { chainOf, useNetwork } from "../chain/index.ts";
import { useHealth } from "../data/index.ts";
import { Button, Notice } from "../ui/index.ts";
import { Failure, isRejection } from "../wallet/index.ts";

/** What is down and what still works; nothing when all is well. */
export function Banners() {
  const { rpc, relay, indexer, wallet } = useHealth();
  const banners = [
    rpc === "down" && <RpcDown key="rpc" />,
    wallet === "wrong network" && <WrongNetwork key="network" />,
    rpc !== "down" && relay === "down" && <RelayDown key="relay" />,
    rpc !== "down" && relay === "offline" && <Offline key="offline" />,
    rpc !== "down" && indexer === "down" && <IndexerDown key="indexer" />,
  ].filter(Boolean);
  if (banners.length === 0) return null;
  return <div className="mx-auto flex max-w-7xl flex-col gap-2 px-4 pt-3">{banners}</div>;
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
