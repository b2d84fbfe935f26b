import { Trans, useLingui } from "@lingui/react/macro";
import type { FindingKind } from "@wattline/sdk/meterData";
import { Card, formatCount, formatShare, Money } from "../../ui/index.ts";
import type { GainRange, Gains } from "../worker/messages.ts";

/** What the figures rest on, and what they leave out. */
export function HowSureCard({
  gains,
  range,
  isComplete,
}: {
  readonly gains: Gains;
  readonly range: GainRange | undefined;
  readonly isComplete: boolean;
}) {
  const { coveredSlots, slots, friendSlots, neighbours, findings, formats } = gains;
  const isSample = formats.length === 0;
  const covered = formatShare(BigInt(coveredSlots), BigInt(slots));
  const missing = formatCount(slots - coveredSlots);
  const streets = range?.streets ?? 0;
  return (
    <Card title={<Trans>How sure is that?</Trans>}>
      <ul className="flex list-disc flex-col gap-1.5 pl-5 text-sm">
        <li>
          {isSample ? (
            <Trans>The sample home is made up, like the street: see it as an example.</Trans>
          ) : slots === coveredSlots ? (
            <Trans>Your meter's values are there for every slot of this time.</Trans>
          ) : (
            <Trans>
              Your meter's values are there for {covered} of the time; {missing} slots are missing
              and count as nothing.
            </Trans>
          )}
        </li>
        <Findings findings={findings} />
        {friendSlots === undefined ? (
          <li>
            {isSample ? (
              <Trans>
                The neighbours are made up: homes of usual sizes, under the true sun and random
                clouds of that place. All homes see the same sky.
              </Trans>
            ) : (
              <Trans>
                The neighbours are made up: homes of usual sizes, under the true sun and random
                clouds of that place. Their clouds are not those of your year.
              </Trans>
            )}
          </li>
        ) : (
          <li>
            <Trans>
              Your friends' files cover{" "}
              {formatShare(BigInt(friendSlots), BigInt(slots) * BigInt(neighbours))} of your time;
              in the rest they neither need nor have energy.
            </Trans>
          </li>
        )}
        {isComplete && range !== undefined && (
          <li>
            <Trans>
              In {streets} such streets you gain from <Money millis={range.leastMillis} /> to{" "}
              <Money millis={range.mostMillis} />.
            </Trans>
          </li>
        )}
        <li>
          <Trans>
            Fixed charges, taxes and the cost of a meter or battery are not counted. Energy is
            shared equally at the community price in every slot; that needs signed orders of all
            homes.
          </Trans>
        </li>
        <li>
          <Trans>
            The figures are of a time that is past. Next year's weather and prices will differ.
          </Trans>
        </li>
      </ul>
    </Card>
  );
}

function Findings({ findings }: Pick<Gains, "findings">) {
  const { t } = useLingui();
  const words: { readonly [kind in FindingKind]?: string } = {
    gap: t`gaps`,
    overlap: t`overlaps`,
    duplicate: t`values that are there twice`,
    negative: t`values below zero`,
    estimated: t`estimates`,
    missing: t`empty values`,
    skippedHour: t`hours that the clock skipped`,
    mislabelledHour: t`hours with a wrong label`,
    registerReset: t`registers that began anew`,
  };
  const noted = findings.flatMap(({ kind, count }) => {
    const name = words[kind];
    return name === undefined ? [] : [{ name, count }];
  });
  if (noted.length === 0) return null;
  const list = noted.map(({ name, count }) => `${formatCount(count)} ${name}`).join(", ");
  return (
    <li>
      <Trans>Found in your files: {list}.</Trans>
    </li>
  );
}
