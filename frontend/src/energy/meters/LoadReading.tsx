import { Trans, useLingui } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Address } from "viem";
import { useMicrogrids, useNetwork } from "../../chain/index.ts";
import {
  AddressText,
  Badge,
  Button,
  Dialog,
  Energy,
  Field,
  formatEnergy,
  SlotTime,
} from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { isSignedByMeter } from "./isSignedByMeter.ts";
import { keyOf, parseReadings, ReadingError, type SignedReading } from "./signedReading.ts";
import { type JudgedReading, useJudged, useReportCalls } from "./useWaiting.ts";

const NONE: readonly SignedReading[] = [];

/** Loads readings that a meter has signed: from a file, or from pasted text. */
export default function LoadReading({
  holder,
  onClose,
}: {
  readonly holder: Address;
  onClose(): void;
}) {
  const { t } = useLingui();
  const [text, setText] = useState("");
  const { readings, error } = read(text);
  const judged = useJudged(readings, holder);
  const { transact, busy } = useTransact();
  const callsOf = useReportCalls();
  const ready = judged.data?.filter(({ refusal }) => refusal === undefined) ?? [];
  const amount = formatEnergy(ready.reduce((sum, { exportedWh }) => sum + exportedWh, 0n));

  async function submit() {
    const outcome = await transact({ title: t`Mint ${amount}`, calls: callsOf(ready) });
    if (outcome.status === "done") onClose();
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<Trans>Load a signed reading</Trans>}
      description={
        <Trans>
          From a meter that signs its readings itself. Anyone may submit one; its energy is minted
          to the meter's owner.
        </Trans>
      }
    >
      <div className="flex flex-col gap-4">
        <Field label={<Trans>File</Trans>}>
          {(control) => (
            <input
              {...control}
              type="file"
              accept="application/json,.json"
              className="min-h-11 rounded-xl border border-control p-2 text-sm"
              onChange={({ target }) => {
                void target.files?.[0]?.text().then(setText);
              }}
            />
          )}
        </Field>
        <Field
          label={<Trans>Or paste it here</Trans>}
          hint={<Trans>JSON with meter, firstBlock, exported and signature.</Trans>}
          error={error}
        >
          {(control) => (
            <textarea
              {...control}
              rows={5}
              spellCheck={false}
              value={text}
              onChange={({ target }) => setText(target.value)}
              className="w-full rounded-xl border border-control bg-surface p-3 font-mono text-sm"
            />
          )}
        </Field>
        {judged.data?.map((one) => (
          <Judgement key={keyOf(one)} reading={one} />
        ))}
        <Button
          look="primary"
          size="large"
          busy={busy || judged.isFetching}
          disabled={ready.length === 0}
          onClick={() => void submit()}
        >
          {ready.length === 0 ? <Trans>Mint</Trans> : <Trans>Mint {amount}</Trans>}
        </Button>
      </div>
    </Dialog>
  );
}

function read(text: string): {
  readonly readings: readonly SignedReading[];
  readonly error?: string;
} {
  if (text.trim() === "") return { readings: NONE };
  try {
    return { readings: parseReadings(text) };
  } catch (error) {
    if (error instanceof ReadingError) return { readings: NONE, error: error.message };
    throw error;
  }
}

function Judgement({ reading }: { readonly reading: JudgedReading }) {
  const network = useNetwork();
  const { data: microgrids } = useMicrogrids();
  const { data: signed } = useQuery({
    queryKey: ["signed", network.deployment.chainId, keyOf(reading)],
    queryFn: () => isSignedByMeter(reading, network),
  });
  const slotSeconds = microgrids?.[0]?.slotSeconds ?? 900;
  return (
    <div className="flex flex-col gap-1 rounded-xl border border-line p-3 text-sm">
      <div className="flex flex-wrap items-center justify-between gap-2">
        <Energy wh={reading.exportedWh} className="text-base font-bold" />
        {signed === true && (
          <Badge tone="leaf">
            <Trans>Signed by the meter</Trans>
          </Badge>
        )}
        {signed === false && (
          <Badge tone="danger">
            <Trans>Not signed by the meter</Trans>
          </Badge>
        )}
      </div>
      <SlotTime slot={reading.firstSlot} lastSlot={reading.lastSlot} slotSeconds={slotSeconds} />
      <AddressText address={reading.reading.meter} />
      {reading.refusal !== undefined && (
        <p role="alert" className="text-danger">
          {reading.refusal}
        </p>
      )}
    </div>
  );
}
