import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { buttonClass, Card, EmptyState } from "../ui/index.ts";

/** The household's open orders. */
export default function Orders() {
  return (
    <Card title={<Trans>Open orders</Trans>}>
      <EmptyState
        icon={<ScrollText />}
        title={<Trans>Your orders are in the market</Trans>}
        action={
          <Link to="/market" className={buttonClass("primary")}>
            <Trans>To the market</Trans>
          </Link>
        }
      />
    </Card>
  );
}
