import { Trans, useLingui } from "@lingui/react/macro";
import { Check, LogOut, TestTube } from "lucide-react";
import { useEffect, useState } from "react";
import { type Connector, useConnect, useConnection, useConnectors, useDisconnect } from "wagmi";
import { useNetwork } from "../../chain/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { AddressText, Badge, Button, Dialog, Notice, Spinner } from "../../ui/index.ts";
import { isRejection } from "../answers.ts";
import { DEMO_WALLET, selectDemoAccount, selectedDemoAccount } from "../demo/connector.ts";
import { Failure } from "../Failure.tsx";
import { INJECTED, walletsIn } from "../wallets.ts";

// The words come with what is said in them.
await loadMessages("wallet/dialogs");

/** The wallets of this browser to choose from; once connected, the account. */
export default function WalletDialog({ onClose }: { onClose(): void }) {
  const { t } = useLingui();
  const { address } = useConnection();
  const [wasConnected] = useState(address !== undefined);
  const justConnected = !wasConnected && address !== undefined;
  useEffect(() => {
    if (justConnected) onClose();
  }, [justConnected, onClose]);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={address ? t`Your wallet` : t`Connect a wallet`}
      description={
        address
          ? undefined
          : t`Your wallet keeps your keys. Wattline can do nothing that you have not confirmed there.`
      }
    >
      {address ? <Account onClose={onClose} /> : <Wallets />}
    </Dialog>
  );
}

function Wallets() {
  const connectors = useConnectors();
  const connect = useConnect();
  const real = walletsIn(connectors, "ethereum" in window);
  const demo = useOffersDemo() ? connectors.find(({ id }) => id === DEMO_WALLET) : undefined;
  const choose = (connector: Connector) =>
    // A wallet on another network is connected all the same: the banner offers to switch it.
    connect.mutate({ connector });
  const waitingFor = connect.isPending ? connect.variables.connector : undefined;
  return (
    <div className="flex flex-col gap-2">
      {real.map((connector) => (
        <WalletRow
          key={connector.uid}
          connector={connector}
          waiting={waitingFor === connector}
          onChoose={() => choose(connector)}
        />
      ))}
      {real.length === 0 && (
        <p className="rounded-xl bg-sunken p-4 text-sm text-muted">
          <Trans>
            No wallet was found in this browser. Install one, such as MetaMask, Rabby or Frame, and
            load the page again.
          </Trans>
        </p>
      )}
      {demo && (
        <WalletRow
          connector={demo}
          waiting={waitingFor === demo}
          onChoose={() => choose(demo)}
          demo
        />
      )}
      {connect.error && <WhyNot error={connect.error} />}
    </div>
  );
}

/** Why no wallet is connected. */
function WhyNot({ error }: { readonly error: Error }) {
  return isRejection(error) ? (
    <Notice>
      <Trans>You declined in your wallet. Nothing is connected.</Trans>
    </Notice>
  ) : (
    <Notice tone="danger">
      <Failure error={error} />
    </Notice>
  );
}

function WalletRow({
  connector,
  waiting,
  demo = false,
  onChoose,
}: {
  readonly connector: Connector;
  readonly waiting: boolean;
  readonly demo?: boolean;
  onChoose(): void;
}) {
  return (
    <button
      type="button"
      onClick={onChoose}
      className="flex min-h-14 items-center gap-3 rounded-xl border border-line px-4 py-2 text-left hover:border-control hover:bg-sunken"
    >
      {demo ? (
        <span className="grid size-8 place-items-center rounded-lg bg-sun text-sun-ink">
          <TestTube aria-hidden="true" className="size-5" />
        </span>
      ) : (
        connector.icon && <img src={connector.icon} alt="" className="size-8 rounded-lg" />
      )}
      <span className="flex-1 font-semibold">
        {demo ? (
          <Trans>Demo wallet</Trans>
        ) : connector.id === INJECTED ? (
          <Trans>Wallet of this browser</Trans>
        ) : (
          connector.name
        )}
        {demo && (
          <span className="block text-sm font-normal text-muted">
            <Trans>To try it out on this computer's own chain. Its keys are public.</Trans>
          </span>
        )}
      </span>
      {waiting && <Spinner />}
      {demo && (
        <Badge tone="sun">
          <Trans>Play money</Trans>
        </Badge>
      )}
    </button>
  );
}

function Account({ onClose }: { onClose(): void }) {
  const { address, connector } = useConnection();
  const disconnect = useDisconnect();
  const demo = connector?.id === DEMO_WALLET;
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-center justify-between gap-2 rounded-xl bg-sunken px-4 py-3">
        {address && <AddressText address={address} />}
        <span className="text-sm text-muted">
          {demo ? <Trans>Demo wallet</Trans> : connector?.name}
        </span>
      </div>
      {demo && <DemoAccounts onClose={onClose} />}
      <Button
        look="danger"
        onClick={() => {
          disconnect.mutate({});
          onClose();
        }}
      >
        <LogOut aria-hidden="true" className="size-4" />
        <Trans>Disconnect</Trans>
      </Button>
    </div>
  );
}

/** Who acts in the demo: Jane, her neighbour, the operator. */
function DemoAccounts({ onClose }: { onClose(): void }) {
  const { demo } = useNetwork();
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="mb-2 text-sm font-semibold">
        <Trans>Act as</Trans>
      </legend>
      {demo?.accounts.map(({ name, role }, index) => (
        <button
          key={name}
          type="button"
          aria-pressed={index === selectedDemoAccount()}
          onClick={() => {
            selectDemoAccount(index);
            onClose();
          }}
          className="flex min-h-12 items-center justify-between rounded-xl border border-line px-4 text-left hover:bg-sunken aria-pressed:border-leaf aria-pressed:bg-leaf-soft"
        >
          <span>
            <span className="font-semibold">{name}</span>
            <span className="ml-2 text-sm text-muted">{role}</span>
          </span>
          {index === selectedDemoAccount() && (
            <Check aria-hidden="true" className="size-5 text-leaf" />
          )}
        </button>
      ))}
    </fieldset>
  );
}

/** The demo wallet is offered while its own local chain is shown, and never on another. */
const useOffersDemo = (): boolean => useNetwork().demo !== undefined;
