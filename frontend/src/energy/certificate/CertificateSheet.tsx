import { plural } from "@lingui/core/macro";
import { Trans, useLingui } from "@lingui/react/macro";
import {
  CERTIFICATE_STANDARD,
  certificatesOf,
  energyIdOf,
  slotStart,
  sourceAt,
} from "@wattline/sdk";
import { Award, Download, Link2, Printer } from "lucide-react";
import { localZone, saveAs } from "../../browser/index.ts";
import {
  Button,
  Chart,
  Energy,
  formatEnergy,
  formatList,
  formatMoment,
  formatUtc,
  SlotTime,
  useSourceNames,
} from "../../ui/index.ts";
import { notify } from "../../wallet/index.ts";
import { Fact, FullHex } from "../Fact.tsx";
import { SOURCE_COLOURS } from "../sources.ts";
import { LinkCode } from "./LinkCode.tsx";
import type { Certificate } from "./read.ts";
import { UsedBox } from "./UsedBox.tsx";
import { VerificationBox } from "./VerificationBox.tsx";
import type { Verification } from "./verify.ts";

/** A certificate, also for printing. */
export function CertificateSheet({
  certificate,
  verification,
  error,
  busy,
  onVerify,
}: {
  readonly certificate: Certificate;
  readonly verification: Verification | undefined;
  readonly error: Error | null;
  readonly busy: boolean;
  onVerify(): void;
}) {
  const sourceNames = useSourceNames();
  const { energyWh, slotSeconds, totalWh } = certificate;
  const source = sourceNames[sourceAt(certificate.source)];
  const [first = 0, last = 0] = [energyWh[0]?.[0], energyWh.at(-1)?.[0]];
  const places = formatList(verification?.microgrids ?? [certificate.microgridName]);
  return (
    <article className="mx-auto max-w-3xl overflow-hidden rounded-3xl border-2 border-leaf bg-surface shadow-card print:max-w-none print:rounded-none print:border-0 print:shadow-none">
      <header className="bg-leaf-soft px-5 py-6 sm:px-8 print:border-b print:border-line print:px-0">
        <p className="flex items-center gap-2 font-bold text-leaf">
          <Award aria-hidden="true" className="size-6" />
          Wattline
        </p>
        <h1 className="mt-1 text-lg font-semibold">
          <Trans>Certificate of retired energy</Trans>
        </h1>
        <p className="mt-3 text-4xl font-bold tracking-tight tabular-nums sm:text-5xl">
          {formatEnergy(totalWh)}
        </p>
        <p className="mt-1 text-lg">
          <Trans>
            {source}, made in {places}
          </Trans>
        </p>
        <p className="mt-1">
          <SlotTime slot={first} lastSlot={last} slotSeconds={slotSeconds} />
        </p>
      </header>
      <div className="flex flex-col gap-6 p-5 sm:p-8 print:px-0">
        <div className="flex flex-wrap items-start justify-between gap-4">
          <Actions certificate={certificate} verification={verification} />
          <LinkCode />
        </div>
        <VerificationBox
          certificate={certificate}
          verification={verification}
          error={error}
          busy={busy}
          onVerify={onVerify}
        />
        <UsedBox certificate={certificate} />
        <Facts certificate={certificate} source={source} />
        <Slots certificate={certificate} />
        {sourceAt(certificate.source) === "Storage" && (
          <p className="text-sm">
            <Trans>
              A battery's energy is renewable only as far as renewable energy was retired to charge
              it. How far that is, the audit says.
            </Trans>
          </p>
        )}
        <p className="text-xs text-muted">
          <Trans>
            Fields after the EnergyTag Granular Certificate Scheme Standard, version 2. Energy of
            one source in one microgrid and slot is one stock: a certificate names the stock and no
            single device.
          </Trans>
        </p>
      </div>
    </article>
  );
}

function Actions({
  certificate,
  verification,
}: {
  readonly certificate: Certificate;
  readonly verification: Verification | undefined;
}) {
  const { t } = useLingui();
  const copy = () =>
    navigator.clipboard.writeText(window.location.href).then(
      () => notify.done(t`The link is copied`, t`Anyone who opens it can verify the certificate.`),
      () => notify.failed(t`The link could not be copied`, { words: window.location.href }),
    );
  return (
    <div className="flex flex-wrap gap-2 print:hidden">
      <Button look="primary" onClick={() => void copy()}>
        <Link2 aria-hidden="true" className="size-4" />
        <Trans>Copy the link</Trans>
      </Button>
      <Button onClick={() => window.print()}>
        <Printer aria-hidden="true" className="size-4" />
        <Trans>Print</Trans>
      </Button>
      {verification && (
        <Button onClick={() => download(certificate, verification)}>
          <Download aria-hidden="true" className="size-4" />
          JSON
        </Button>
      )}
    </div>
  );
}

/** Downloads the certificates, one bundle per slot, with the field names of the standard's registry interface. */
function download(certificate: Certificate, { retiredBefore }: Verification): void {
  const { network, microgrid, transaction, logIndex } = certificate;
  const source = sourceAt(certificate.source);
  const before = new Map(
    [...retiredBefore].map(([slot, wh]) => [
      energyIdOf({ microgrid, source, slot }).toString(),
      wh,
    ]),
  );
  const certificates = certificatesOf(certificate, network.deployment, before);
  const text = JSON.stringify({ ...CERTIFICATE_STANDARD, certificates }, undefined, 2);
  saveAs(`wattline-certificate-${transaction.slice(2, 10)}-${logIndex}`, "json", text);
}

function Facts({
  certificate,
  source,
}: {
  readonly certificate: Certificate;
  readonly source: string;
}) {
  const { energyWh, slotSeconds, latitudeTenths, longitudeTenths, network, microgrid } =
    certificate;
  const [first = 0, last = 0] = [energyWh[0]?.[0], energyWh.at(-1)?.[0]];
  const place = `${latitudeTenths / 10}°, ${longitudeTenths / 10}°`;
  const zone = localZone();
  return (
    <dl className="grid gap-x-6 gap-y-2 text-sm sm:grid-cols-[auto_1fr]">
      <Fact term={<Trans>On behalf of</Trans>}>
        <FullHex>{certificate.beneficiary}</FullHex>
      </Fact>
      <Fact term={<Trans>Purpose</Trans>}>
        {certificate.purpose === "" ? <Trans>none given</Trans> : certificate.purpose}
      </Fact>
      <Fact term={<Trans>Retired by</Trans>}>
        <FullHex>{certificate.holder}</FullHex>
      </Fact>
      <Fact term={<Trans>Retired at</Trans>}>
        <time dateTime={isoOf(certificate.time)} title={formatUtc(certificate.time)}>
          {formatMoment(certificate.time)}
        </time>
      </Fact>
      <Fact term={<Trans>Produced</Trans>}>
        <SlotTime
          slot={first}
          lastSlot={last}
          slotSeconds={slotSeconds}
          className="whitespace-normal"
        />
      </Fact>
      <Fact term={<Trans>Times</Trans>}>
        <Trans>By the clock of {zone}; in UTC on hover and in the file.</Trans>
      </Fact>
      <Fact term={<Trans>Source</Trans>}>{source}</Fact>
      <Fact term={<Trans>Microgrid</Trans>}>
        {certificate.microgridName} ({microgrid}), {place}
      </Fact>
      <Fact term={<Trans>Issued by</Trans>}>
        {network.name} (eip155:{network.deployment.chainId}),{" "}
        <FullHex>{network.deployment.energy}</FullHex>
      </Fact>
      <Fact term={<Trans>Transaction</Trans>}>
        <FullHex>{certificate.transaction}</FullHex>
      </Fact>
    </dl>
  );
}

const isoOf = (unixSeconds: number): string => new Date(unixSeconds * 1000).toISOString();

function Slots({ certificate }: { readonly certificate: Certificate }) {
  const { t } = useLingui();
  const sourceNames = useSourceNames();
  const { energyWh, slotSeconds } = certificate;
  const source = sourceAt(certificate.source);
  const count = energyWh.length;
  const step = slotSeconds / 60;
  return (
    <Chart
      summary={t`The energy by delivery slot: ${plural(count, { one: "# slot", other: "# slots" })} of ${step} minutes.`}
      x={energyWh.map(([slot]) => slotStart(slot, slotSeconds))}
      time
      stepX={slotSeconds}
      height={200}
      series={[
        {
          label: sourceNames[source],
          colour: SOURCE_COLOURS[source],
          kind: "bars",
          values: energyWh.map(([, wh]) => Number(wh)),
        },
      ]}
      formatY={formatWatthours}
      table={{
        head: [t`Slot`, t`Energy`],
        rows: () =>
          energyWh.map(([slot, wh]) => [
            <SlotTime key={slot} slot={slot} slotSeconds={slotSeconds} />,
            <Energy key={slot} wh={wh} />,
          ]),
      }}
    />
  );
}

/** Formats an axis mark, which may have fractions of a Wh. */
const formatWatthours = (wh: number): string => formatEnergy(BigInt(Math.round(wh)));
