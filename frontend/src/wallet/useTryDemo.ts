import { useConnect, useConnectors } from "wagmi";
import { useNetwork } from "../chain/index.ts";
import { actAsDemoAccount, DEMO_WALLET } from "./demo/connector.ts";

/** Somebody of the local chain's demo, whom one can try it as. */
export interface DemoPerson {
  readonly name: string;
  readonly role: string;
  /** Connects the demo wallet with this account. */
  tryIt(): void;
}

/** The people of the demo; none but on a local chain. */
export function useTryDemo(): readonly DemoPerson[] {
  const { demo } = useNetwork();
  const connect = useConnect();
  const connector = useConnectors().find(({ id }) => id === DEMO_WALLET);
  if (demo === undefined || connector === undefined) return [];
  return demo.accounts.map(({ name, role }, index) => ({
    name,
    role,
    tryIt() {
      actAsDemoAccount(index);
      connect.mutate({ connector });
    },
  }));
}
