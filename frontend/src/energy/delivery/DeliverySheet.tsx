import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { slotEnd, slotStart } from "@wattline/sdk";
import type { DeliveryFinding, DeliveryStatement } from "@wattline/sdk/statements";
import { Printer, ShieldAlert, ShieldCheck } from "lucide-react";
import type { ReactNode } from "react";
import { localZone } from "../../browser/index.ts";
import { useMicrogrids, useNetwork } from "../../chain/index.ts";
import {
  Button,
  formatCount,
  formatDay,
  formatKwh,
  formatMoment,
  formatUtc,
  Notice,
  useSourceNames,
} from "../../ui/index.ts";
import { Fact, FullHex } from "../Fact.tsx";
import { noonOf } from "../periods.ts";
import { type DaySums, sumOfDays, sumsByDay } from "./days.ts";
import { ruleNames } from "./rules.ts";
import type { CheckedDelivery } from "./worker/messages.ts";

/** A checked statement, also for printing: what was found first, then whose it is, then its energy. */
export function DeliverySheet({ checked }: { readonly checked: CheckedDelivery }) {
  const { statement, findings } = checked;
  const holds = findings.length === 0;
  const border = holds ? "border-leaf" : "border-danger";
  return (
    <article
      className={`mx-auto w-full max-w-3xl overflow-hidden rounded-3xl border-2 ${border} bg-surface shadow-card print:max-w-none print:rounded-none print:border-0 print:shadow-none`}
    >
      <header
        className={`px-5 py-6 sm:px-8 print:border-b print:border-line print:px-0 ${holds ? "bg-leaf-soft" : "bg-danger-soft"}`}
      >
        <div className="flex flex-wrap items-start justify-between gap-3">
          <h2 className="text-lg font-semibold">
            <Trans>Delivery statement</Trans>
          </h2>
          <Button className="print:hidden" onClick={() => window.print()}>
            <Printer aria-hidden="true" className="size-4" />
            <Trans>Print</Trans>
          </Button>
        </div>
        <p className="mt-2 text-3xl font-bold tracking-tight tabular-nums sm:text-4xl">
          {formatKwh(statement.countsWh)}
        </p>
        <p className="mt-1">
          {holds ? (
            <Trans>bought from neighbours, used in the same slot, and retired for this</Trans>
          ) : (
            <Trans>is what it states; it does not hold</Trans>
          )}
        </p>
      </header>
      <div className="flex flex-col gap-6 p-5 sm:p-8 print:px-0">
        <Verdict {...checked} />
        <Facts statement={statement} />
        <Days statement={statement} />
        <Evidence statement={statement} />
      </div>
    </article>
  );
}

/** How many findings are shown at most: the first ones explain the rest. */
const SHOWN = 20;

function Verdict({ findings, block }: CheckedDelivery) {
  const { rpcUrl } = useNetwork();
  const [newest, count] = [formatCount(block), findings.length];
  const more = formatCount(count - SHOWN);
  return (
    <section aria-live="polite" className="flex flex-col gap-3">
      {count === 0 ? (
        <Notice icon={<ShieldCheck className="size-6 text-leaf" />}>
          <strong>
            <Trans>It holds.</Trans>
          </strong>{" "}
          <Trans>
            The household's meters signed this import, the purchases and retirements are on the
            chain, and every sum is right.
          </Trans>
        </Notice>
      ) : (
        <Notice tone="danger" icon={<ShieldAlert className="size-6 text-danger" />}>
          <strong>
            <Trans>It is refused.</Trans>
          </strong>{" "}
          <Plural value={count} one="# thing in it is wrong." other="# things in it are wrong." />
        </Notice>
      )}
      {count > 0 && (
        <ul className="flex flex-col gap-2 text-sm">
          {findings.slice(0, SHOWN).map((finding, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: findings have no other identity.
            <Finding key={index} {...finding} />
          ))}
        </ul>
      )}
      {count > SHOWN && (
        <p className="text-sm text-muted">
          <Trans>and {more} more</Trans>
        </p>
      )}
      <p className="text-xs break-words text-muted">
        <Trans>
          Checked in this browser against {rpcUrl}, up to block {newest}. You trust that endpoint to
          report the chain correctly. What can't be seen is whether a meter measured truly.
        </Trans>
      </p>
    </section>
  );
}

const Finding = ({ rule, message }: DeliveryFinding) => (
  <li className="rounded-xl border border-danger p-3">
    <p className="font-medium">{ruleNames()[rule]}</p>
    <p lang="en" className="break-words text-muted">
      {message}
    </p>
  </li>
);

function Facts({ statement }: { readonly statement: DeliveryStatement }) {
  const { data: microgrids } = useMicrogrids();
  const { household, microgrid, firstSlot, lastSlot, slotSeconds, imports, id } = statement;
  const { chainId, contracts } = statement;
  const name = microgrids?.find((one) => one.microgrid === microgrid)?.name;
  const [start, end] = [slotStart(firstSlot, slotSeconds), slotEnd(lastSlot, slotSeconds)];
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
      <Fact term={<Trans>Household</Trans>}>
        <FullHex>{household}</FullHex>
      </Fact>
      <Fact term={<Trans>Period</Trans>}>
        {formatMoment(start)} – {formatMoment(end)} ({formatUtc(start)} – {formatUtc(end)})
      </Fact>
      <Fact term={<Trans>Microgrid</Trans>}>{name ? `${name} (${microgrid})` : microgrid}</Fact>
      <Fact term={<Trans>Meters</Trans>}>
        {[...new Set(imports.map(({ meter }) => meter))].map((meter) => (
          <span key={meter} className="block">
            <FullHex>{meter}</FullHex>
          </span>
        ))}
      </Fact>
      <Fact term={<Trans>Chain</Trans>}>
        eip155:{chainId}, <FullHex>{contracts.energy}</FullHex>
      </Fact>
      <Fact term={<Trans>Id</Trans>}>
        <FullHex>{id}</FullHex>
      </Fact>
    </dl>
  );
}

function Days({ statement }: { readonly statement: DeliveryStatement }) {
  const zone = localZone();
  const days = sumsByDay(statement, zone);
  return (
    <section>
      <h3 className="mb-2 font-semibold">
        <Trans>Day by day</Trans>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard. */}
      <div className="overflow-x-auto" tabIndex={0}>
        <table className="w-full text-right text-sm tabular-nums">
          <thead className="text-muted">
            <tr>
              <Head left>
                <Trans>Day</Trans>
              </Head>
              <Head>
                <Trans>Imported</Trans>
              </Head>
              <Head>
                <Trans>Bought</Trans>
              </Head>
              <Head>
                <Trans>Retired for it</Trans>
              </Head>
              <Head>
                <Trans>Counts</Trans>
              </Head>
            </tr>
          </thead>
          <tbody>
            {[...days].map(([day, sums]) => (
              <Row key={day} name={formatDay(noonOf(day))} sums={sums} />
            ))}
          </tbody>
          <tfoot className="border-t-2 border-ink font-bold">
            <Row name={<Trans>Total</Trans>} sums={sumOfDays(days.values())} />
          </tfoot>
        </table>
      </div>
      <p className="mt-2 text-xs text-muted">
        <Trans>
          Days by the clock of {zone}. What counts is the least of the other three, slot by slot and
          source by source, so that it can be less than each of a day's sums. The file has every
          slot.
        </Trans>
      </p>
    </section>
  );
}

const Head = ({
  left = false,
  children,
}: {
  readonly left?: boolean;
  readonly children: ReactNode;
}) => (
  <th scope="col" className={`py-1.5 font-semibold ${left ? "text-left" : "pl-3"}`}>
    {children}
  </th>
);

const Row = ({ name, sums }: { readonly name: ReactNode; readonly sums: DaySums }) => (
  <tr className="break-inside-avoid border-t border-line">
    <th scope="row" className="py-1.5 text-left whitespace-nowrap">
      {name}
    </th>
    {[sums.importedWh, sums.boughtWh, sums.retiredWh, sums.countsWh].map((wh, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: a column is known by its position.
      <td key={index} className="pl-3 whitespace-nowrap">
        {formatKwh(wh)}
      </td>
    ))}
  </tr>
);

/** The purchases and retirements behind it, each with its transaction. */
function Evidence({ statement }: { readonly statement: DeliveryStatement }) {
  const sourceNames = useSourceNames();
  const { purchases, retirements } = statement;
  const sumOf = (energyWh: readonly { readonly wh: bigint }[]) =>
    formatKwh(energyWh.reduce((sum, { wh }) => sum + wh, 0n));
  return (
    <>
      <section>
        <h3 className="mb-2 font-semibold">
          <Trans>Purchases</Trans>
        </h3>
        <List>
          {purchases.map(({ transaction, logIndex, seller, source, energyWh }) => (
            <li key={`${transaction}-${logIndex}`} className="break-inside-avoid py-2">
              {sumOf(energyWh)} {sourceNames[source]}, <Trans>from</Trans>{" "}
              <FullHex>{seller}</FullHex>
              <span className="block text-muted">
                <FullHex>{`${transaction}-${logIndex}`}</FullHex>
              </span>
            </li>
          ))}
        </List>
      </section>
      <section>
        <h3 className="mb-2 font-semibold">
          <Trans>Retirements for this statement</Trans>
        </h3>
        <List>
          {retirements.map(({ transaction, logIndex, source, energyWh }) => (
            <li key={`${transaction}-${logIndex}`} className="break-inside-avoid py-2">
              {sumOf(energyWh)} {sourceNames[source]}
              <Link
                to="/certificate/$id"
                params={{ id: `${transaction}-${logIndex}` }}
                className="block text-leaf underline"
              >
                <FullHex>{`${transaction}-${logIndex}`}</FullHex>
              </Link>
            </li>
          ))}
        </List>
      </section>
    </>
  );
}

const List = ({ children }: { readonly children: readonly ReactNode[] }) =>
  children.length === 0 ? (
    <p className="text-sm text-muted">
      <Trans>None.</Trans>
    </p>
  ) : (
    <ul className="divide-y divide-line text-sm">{children}</ul>
  );
