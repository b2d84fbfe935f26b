import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type OwnUseHere, ownUseIn } from "../data/index.ts";
import { FileDrop, formatMoment } from "../ui/index.ts";

/** How one's own use is known, or a field for the file that tells it. */
export default function OwnUse({ own, take, forget }: OwnUseHere) {
  const { t } = useLingui();
  const [isRefused, setRefused] = useState(false);
  if (own !== undefined) {
    const until = formatMoment(own.untilSeconds);
    return (
      <p className="text-sm text-muted">
        <Trans>As your meter counted until {until}, known to this browser alone.</Trans>{" "}
        <button type="button" className="underline" onClick={forget}>
          <Trans>Forget it</Trans>
        </button>
      </p>
    );
  }
  async function read(file: File | undefined): Promise<void> {
    const found = file && (await ownUseIn(file));
    setRefused(found === undefined);
    if (found !== undefined) take(found);
  }
  return (
    <div className="flex flex-col gap-2">
      <FileDrop label={t`Your home agent's export`} onFiles={([file]) => void read(file)}>
        <Trans>
          The JSON file that its page hands out, or its command "export" writes. It stays in this
          browser.
        </Trans>
      </FileDrop>
      {isRefused && (
        <p role="alert" className="text-sm text-danger">
          <Trans>This is no home agent's export that tells what your meter has counted.</Trans>
        </p>
      )}
      <p className="text-sm text-muted">
        <Trans>
          Until then it is spread as the standard household uses it. Your meter's file of another
          kind tells it, too: <Link to="/gains">What would I gain?</Link>
        </Trans>
      </p>
    </div>
  );
}
