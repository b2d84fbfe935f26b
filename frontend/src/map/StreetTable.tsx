import { Trans, useLingui } from "@lingui/react/macro";
import type { Mode } from "@wattline/sdk";
import { useState } from "react";
import { Person } from "../people/index.ts";
import { Energy, Price } from "../ui/index.ts";
import type { Home, Picked, Street, Tie } from "./street.ts";

/** The picture in words and numbers, for keyboards and screen readers, and for whoever wants the amounts. */
export function StreetTable({
  streets,
  ties,
  modes,
  onPick,
}: {
  readonly streets: readonly Street[];
  readonly ties: readonly Tie[];
  readonly modes: Readonly<Record<Mode, string>>;
  onPick(picked: Picked): void;
}) {
  const [isOpen, setIsOpen] = useState(false);
  const nameOf = (number: number) =>
    streets.find(({ microgrid }) => microgrid === number)?.name ?? String(number);
  return (
    <details className="text-sm" onToggle={(event) => setIsOpen(event.currentTarget.open)}>
      <summary className="rounded-md py-1 font-semibold">
        <Trans>The same as a table</Trans>
      </summary>
      {/* Rows of hundreds of homes take longer than the picture: they are drawn for who opens them. */}
      <div className="mt-2 flex max-h-96 flex-col gap-4 overflow-auto">
        {isOpen &&
          streets.map((street) => (
            <Homes
              key={street.microgrid}
              street={street}
              mode={modes[street.mode]}
              onPick={onPick}
            />
          ))}
        {isOpen && ties.length > 0 && (
          <table className="w-full">
            <caption className="py-1 text-left font-semibold">
              <Trans>Tie lines</Trans>
            </caption>
            <tbody>
              {ties.map(({ lower, higher, upWh, downWh }) => (
                <tr key={`${lower} ${higher}`} className="border-t border-line">
                  <th scope="row" className="py-1.5 pr-3 text-left font-medium">
                    {nameOf(lower)} – {nameOf(higher)}
                  </th>
                  <td className="py-1.5 pr-3">
                    <Trans>
                      <Energy wh={upWh} /> to {nameOf(higher)}
                    </Trans>
                  </td>
                  <td className="py-1.5">
                    <Trans>
                      <Energy wh={downWh} /> to {nameOf(lower)}
                    </Trans>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
    </details>
  );
}

function Homes({
  street: { microgrid, name, homes },
  mode,
  onPick,
}: {
  readonly street: Street;
  readonly mode: string;
  onPick(picked: Picked): void;
}) {
  const { t } = useLingui();
  const kindOf = ({ isShelter, hasRoof, hasBattery }: Home): string =>
    [
      isShelter ? t`critical load` : hasRoof ? t`roof` : t`home`,
      hasBattery ? t`battery` : undefined,
    ]
      .filter(Boolean)
      .join(", ");
  return (
    <table className="w-full">
      <caption className="py-1 text-left font-semibold">
        {name}, {mode}
      </caption>
      <thead>
        <tr className="text-left text-muted">
          <th scope="col" className="pr-3 font-medium">
            <Trans>Household</Trans>
          </th>
          <th scope="col" className="pr-3 font-medium">
            <Trans>Kind</Trans>
          </th>
          <th scope="col" className="pr-3 font-medium">
            <Trans>Sells</Trans>
          </th>
          <th scope="col" className="pr-3 font-medium">
            <Trans>Buys</Trans>
          </th>
          <th scope="col" className="pr-3 font-medium">
            <Trans>Price</Trans>
          </th>
          <th scope="col" className="font-medium">
            <span className="sr-only">
              <Trans>More</Trans>
            </span>
          </th>
        </tr>
      </thead>
      <tbody className="tabular-nums">
        {homes.map((home) => (
          <tr key={home.owner} className="border-t border-line">
            <th scope="row" className="py-1 pr-3 text-left font-medium">
              <Person address={home.owner} />
            </th>
            <td className="pr-3">{kindOf(home)}</td>
            <td className="pr-3">{home.soldWh > 0n ? <Energy wh={home.soldWh} /> : "–"}</td>
            <td className="pr-3">{home.boughtWh > 0n ? <Energy wh={home.boughtWh} /> : "–"}</td>
            <td className="pr-3">
              {home.pricePerKwh === undefined ? "–" : <Price perKwh={home.pricePerKwh} />}
            </td>
            <td>
              <button
                type="button"
                className="min-h-6 rounded-md px-1 font-semibold text-leaf underline"
                onClick={() => onPick({ kind: "home", microgrid, owner: home.owner })}
              >
                <Trans>Show</Trans>
              </button>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
