import { useEffect, useState } from "react";
import { useNetwork } from "../chain/index.ts";
import { type Reason, reasonOf } from "./errors.ts";
import { ReasonText } from "./ReasonText.tsx";

/** Why a wallet or a node did not do what it was asked, in words, with its own ones folded beneath. */
export function Failure({ error }: { readonly error: unknown }) {
  const network = useNetwork();
  const [reason, setReason] = useState<Reason>();
  useEffect(() => {
    let isShown = true;
    void reasonOf(error, network).then((found) => isShown && setReason(found));
    return () => {
      isShown = false;
    };
  }, [error, network]);
  return reason && <ReasonText {...reason} />;
}
