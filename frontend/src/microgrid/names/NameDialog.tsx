import { Trans, useLingui } from "@lingui/react/macro";
import type { Listing, Microgrid } from "@wattline/sdk";
import { type FormEvent, useState } from "react";
import type { Address } from "viem";
import { useNetwork } from "../../chain/index.ts";
import { Button, Dialog } from "../../ui/index.ts";
import { isRejection, useListingSigner, wordsFor } from "../../wallet/index.ts";
import { CopyLink } from "./CopyLink.tsx";
import { useFaultsOf, WordsFields } from "./WordsFields.tsx";
import { tidy, type Words } from "./words.ts";

/** A household signs how it agrees to be called, and gets a link for the operator, who publishes it. */
export default function NameDialog({
  microgrid: { microgrid, name: place },
  account,
  proposed,
  onClose,
}: {
  readonly microgrid: Microgrid;
  readonly account: Address;
  /** What the operator's invitation says, or what it is called now. */
  readonly proposed: Words;
  onClose(): void;
}) {
  const { t } = useLingui();
  const network = useNetwork();
  const sign = useListingSigner();
  const [words, setWords] = useState(proposed);
  const [listing, setListing] = useState<Listing>();
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<string>();
  const faults = useFaultsOf()(words);
  const isComplete = tidy(words).name !== "" && Object.keys(faults).length === 0;

  async function agree(event: FormEvent): Promise<void> {
    event.preventDefault();
    if (!isComplete) return;
    setReason(undefined);
    setBusy(true);
    try {
      setListing(await sign(microgrid, { account, ...tidy(words) }));
    } catch (error) {
      if (!isRejection(error)) setReason(await wordsFor(error, network));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={<Trans>How you are called in {place}</Trans>}
      description={
        <Trans>
          Everybody can read it, beside your address. A pseudonym will do. It is signed by you, and
          published by the operator.
        </Trans>
      }
    >
      {listing === undefined ? (
        <form className="flex flex-col gap-4" onSubmit={(event) => void agree(event)}>
          <WordsFields words={words} faults={faults} onChange={setWords} />
          <Button type="submit" look="primary" size="large" busy={busy} disabled={!isComplete}>
            <Trans>Agree to it</Trans>
          </Button>
          {reason && (
            <p role="alert" className="text-sm font-medium text-danger">
              {reason}
            </p>
          )}
        </form>
      ) : (
        <div className="flex flex-col items-start gap-3">
          <p role="status">
            <Trans>You have agreed. Send this link to the operator, who publishes the name.</Trans>
          </p>
          <CopyLink
            search={{
              microgrid,
              task: "names",
              owner: listing.account,
              name: listing.name,
              street: listing.street,
              consent: listing.consent,
            }}
            hash="operator"
          >
            {t`Copy the link for the operator`}
          </CopyLink>
        </div>
      )}
    </Dialog>
  );
}
