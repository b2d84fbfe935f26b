import { Trans } from "@lingui/react/macro";
import { gainMillis } from "@wattline/sdk/study";
import { Card, Energy, Money } from "../../ui/index.ts";
import type { Gains } from "../worker/messages.ts";

/** What a battery changes, with and without neighbours. */
export function BatteryCard({ gains: { home, withBattery } }: { readonly gains: Gains }) {
  if (withBattery === undefined) return null;
  const [before, after] = [home.total, withBattery.total];
  return (
    <Card title={<Trans>What a battery would change</Trans>}>
      <div className="overflow-x-auto">
        <table className="w-full text-left tabular-nums">
          <caption className="sr-only">
            <Trans>Bills with and without a battery</Trans>
          </caption>
          <thead className="text-sm text-muted">
            <tr>
              <td />
              <th scope="col" className="py-1 pr-3 font-semibold">
                <Trans>Utility alone</Trans>
              </th>
              <th scope="col" className="py-1 pr-3 font-semibold">
                <Trans>With neighbours</Trans>
              </th>
              <th scope="col" className="py-1 font-semibold">
                <Trans>Gain</Trans>
              </th>
            </tr>
          </thead>
          <tbody>
            {(
              [
                ["without", before],
                ["with", after],
              ] as const
            ).map(([name, total]) => (
              <tr key={name} className="border-t border-line">
                <th scope="row" className="py-1.5 pr-3 text-sm font-semibold">
                  {name === "with" ? <Trans>With battery</Trans> : <Trans>Without</Trans>}
                </th>
                <td className="py-1.5 pr-3">
                  <Money millis={total.aloneMillis} />
                </td>
                <td className="py-1.5 pr-3">
                  <Money millis={total.togetherMillis} />
                </td>
                <td className="py-1.5">
                  <Money millis={gainMillis(total)} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className="mt-2">
        <Trans>
          With neighbours it lowers your bill by{" "}
          <Money millis={before.togetherMillis - after.togetherMillis} />, without them by{" "}
          <Money millis={before.aloneMillis - after.aloneMillis} />. You draw{" "}
          <Energy wh={before.importedWh - after.importedWh} /> less from outside.
        </Trans>
      </p>
      <p className="mt-2 text-sm text-muted">
        <Trans>
          The battery works for your home alone: it charges with what you would feed in, and gives
          it back when you need energy. It does not trade and looks at no price. Its cost is not
          counted.
        </Trans>
      </p>
    </Card>
  );
}
