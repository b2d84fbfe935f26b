import { Trans } from "@lingui/react/macro";
import { useConnection } from "wagmi";
import { NoWallet } from "../../app/index.ts";
import { Card, PageHeader } from "../../ui/index.ts";
import { CheckCard } from "./CheckCard.tsx";
import { MakeCard } from "./MakeCard.tsx";

/** Delivery statements: anybody checks one here, and a household makes its own. */
export function DeliveryPage() {
  const { address } = useConnection();
  return (
    <>
      <div className="print:hidden">
        <PageHeader title={<Trans>Delivery statements</Trans>}>
          <Trans>
            They show that bought energy was used, for the supplier, the grid operator or anyone
            whom a household wants to show it to. Files stay in this browser.
          </Trans>
        </PageHeader>
      </div>
      <div className="flex flex-col gap-5">
        <CheckCard />
        {address === undefined ? (
          <Card title={<Trans>Make your own</Trans>} className="print:hidden">
            <NoWallet />
          </Card>
        ) : (
          <MakeCard key={address} household={address} />
        )}
      </div>
    </>
  );
}
