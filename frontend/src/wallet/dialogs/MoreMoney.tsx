import { Trans, useLingui } from "@lingui/react/macro";
import { parseAbi } from "viem";
import { useConnection } from "wagmi";
import { callOf, useNetwork } from "../../chain/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { AddressText, Button, buttonClass, formatMoney } from "../../ui/index.ts";
import { usePayer } from "../payer.ts";
import { useTransact } from "../useTransact.ts";

// The words come with what is said in them.
await loadMessages("wallet/dialogs");

/** The play currency of a local chain gives some to anybody who asks. */
const playMoneyAbi = parseAbi(["function mint(address to, uint256 amount)"]);
const PLAY_MONEY = 100n;

/** Where money comes from that a wallet lacks: play money on a local chain, else whoever sells it, else a transfer. */
export default function MoreMoney() {
  const { t } = useLingui();
  const { currency, demo, moneyUrl } = useNetwork();
  const { address } = useConnection();
  const { transact, busy } = useTransact();
  const payer = usePayer();
  if (address === undefined) return null;
  // Play money is given by a transaction, too.
  if (demo !== undefined && payer !== "community") {
    const amount = PLAY_MONEY * 10n ** BigInt(currency.decimals);
    const title = t`Get ${formatMoney(amount, currency)} of play money`;
    const call = callOf({ address: currency.address, abi: playMoneyAbi }, "mint", [
      address,
      amount,
    ]);
    return (
      <Button
        size="small"
        busy={busy}
        className="self-start"
        onClick={() => void transact({ title, calls: [call] })}
      >
        {title}
      </Button>
    );
  }
  if (moneyUrl !== undefined) {
    return (
      <a
        href={moneyUrl}
        target="_blank"
        rel="noopener noreferrer"
        className={`${buttonClass("secondary", "small")} self-start`}
      >
        <Trans>Get {currency.name}</Trans>
      </a>
    );
  }
  return (
    <p className="text-sm">
      <Trans>
        Have {currency.name} sent to <AddressText address={address} />.
      </Trans>
    </p>
  );
}
