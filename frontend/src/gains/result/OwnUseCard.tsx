import { Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useOwnUse } from "../../data/index.ts";
import { buttonClass, Card } from "../../ui/index.ts";
import type { Gains } from "../worker/messages.ts";

/** Keeps how the home uses energy, and goes where one buys by it. */
export function OwnUseCard({ gains: { use } }: { readonly gains: Gains }) {
  const { take } = useOwnUse();
  if (use === undefined) return null;
  return (
    <Card title={<Trans>Buy as you use it</Trans>}>
      <p className="mb-3">
        <Trans>
          The market can spread what you buy over the day as your meter has counted, working days
          and weekends apart. This browser then keeps the means of your file, and sends them
          nowhere.
        </Trans>
      </p>
      <Link to="/market" className={buttonClass("secondary")} onClick={() => take(use)}>
        <Trans>Buy as I use it</Trans>
      </Link>
    </Card>
  );
}
