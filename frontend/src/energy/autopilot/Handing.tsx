import { Trans } from "@lingui/react/macro";
import { type Address, parseUnits } from "viem";
import { useNetwork } from "../../chain/index.ts";
import { buttonClass, Card, Money, Price } from "../../ui/index.ts";
import { type Autopilot, handingLines, handingLink, recallAutopilot } from "./limits.ts";

/** Hands the limits that were set in this browser to the agent: on its own page, or as lines for its configuration. */
export function Handing({ holder }: { readonly holder: Address }) {
  const { currency, deployment } = useNetwork();
  const told = recallAutopilot(deployment.chainId, holder);
  if (!isTold(told)) return null;
  const link = handingLink(told);
  const unitsOf = (amount: string) => parseUnits(amount, currency.decimals);
  return (
    <Card title={<Trans>Its limits</Trans>}>
      <ul className="list-inside list-disc">
        <li>
          <Trans>
            It sells your surplus, not below <Price perKwh={unitsOf(told.floor)} />.
          </Trans>
        </li>
        <li>
          <Trans>
            It covers your need, up to <Price perKwh={unitsOf(told.ceiling)} />.
          </Trans>
        </li>
        <li>
          <Trans>
            It spends at most <Money baseUnits={unitsOf(told.mostADay)} /> a day.
          </Trans>
        </li>
      </ul>
      {link === undefined ? (
        <>
          <p className="mt-3 text-sm text-muted">
            <Trans>
              Your agent has no page of its own. Put these lines into its agent.toml and start it
              again.
            </Trans>
          </p>
          <pre className="mt-2 overflow-auto rounded-xl bg-sunken p-3 font-mono text-sm">
            {handingLines(told)}
          </pre>
        </>
      ) : (
        <div className="mt-3 flex flex-wrap items-center gap-3">
          <a href={link} className={buttonClass("primary")}>
            <Trans>Hand them to my agent</Trans>
          </a>
          <a href={told.page} className="underline">
            <Trans>What my agent says</Trans>
          </a>
          <p className="text-sm text-muted">
            <Trans>Opens its page, on your home's network: it asks you there.</Trans>
          </p>
        </div>
      )}
    </Card>
  );
}

const isTold = (told: Partial<Autopilot>): told is Autopilot =>
  told.floor !== undefined && told.ceiling !== undefined && told.mostADay !== undefined;
