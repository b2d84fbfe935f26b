import { useLingui } from "@lingui/react/macro";
import { callOf, contractsOf, useNetwork } from "../chain/index.ts";
import { type BookOrder, withdrawOrder } from "../data/index.ts";
import {
  isRejection,
  notify,
  type Outcome,
  reasonOf,
  useTransact,
  useWithdrawalSigner,
} from "../wallet/index.ts";

/** The two ways to take an order back, and the one to take back all. */
export function useCancel() {
  const { t } = useLingui();
  const network = useNetwork();
  const { marketplace } = contractsOf(network);
  const signWithdrawal = useWithdrawalSigner();
  const { transact, busy } = useTransact();

  return {
    busy,

    /** Off the relay's book, by a signature. Whoever has kept the order could still fill it. */
    async withdraw({ hash }: BookOrder): Promise<Outcome["status"]> {
      const title = t`Take the order off the book`;
      try {
        await withdrawOrder(network.relayUrl ?? "", hash, await signWithdrawal(hash));
        notify.done(title);
        return "done";
      } catch (error) {
        if (isRejection(error)) {
          notify.declined(title);
          return "declined";
        }
        notify.failed(title, await reasonOf(error, network));
        return "failed";
      }
    },

    /** On chain: nobody can fill it any more. */
    async cancel({ order }: BookOrder): Promise<Outcome["status"]> {
      const calls = [callOf(marketplace, "cancel", [[order.nonce]])];
      return (await transact({ title: t`Cancel the order`, calls })).status;
    },

    /** On chain, by raising the counter that every signed order carries. */
    async cancelAll(): Promise<Outcome["status"]> {
      const calls = [callOf(marketplace, "cancelAll", [network.currency.address])];
      return (await transact({ title: t`Cancel all orders`, calls })).status;
    },
  };
}
