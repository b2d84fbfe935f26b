import { useEffect, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import { type Reason, readingReasonOf, reasonOf } from "./errors.ts";
import { ReasonText } from "./ReasonText.tsx";

/** Why a wallet or a node did not do what it was asked, in words, with its own ones folded beneath. */
export const Failure = ({ error }: { readonly error: unknown }) => (
  <InWords error={error} wordsOf={reasonOf} />
);

/** As {@link Failure}, of what was only to be read. */
export const ReadingFailure = ({ error }: { readonly error: unknown }) => (
  <InWords error={error} wordsOf={readingReasonOf} />
);

function InWords({
  error,
  wordsOf,
}: {
  readonly error: unknown;
  readonly wordsOf: typeof reasonOf;
}) {
  const network = useNetwork();
  const [reason, setReason] = useState<Reason>();
  useEffect(() => {
    let isShown = true;
    void wordsOf(error, network).then((found) => isShown && setReason(found));
    return () => {
      isShown = false;
    };
  }, [error, network, wordsOf]);
  return reason && <ReasonText {...reason} />;
}
