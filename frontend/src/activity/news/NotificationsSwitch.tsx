import { Trans } from "@lingui/react/macro";
import { Bell, BellOff } from "lucide-react";
import { Button } from "../../ui/index.ts";
import { switchOff, switchOn, useNotifying } from "./notifications.ts";

/** Lets the browser tell the news, and stops it. */
export function NotificationsSwitch() {
  const notifying = useNotifying();
  if (notifying === "none") return null;
  if (notifying === "blocked") {
    return (
      <p className="max-w-xs text-sm text-muted">
        <Trans>
          Your browser forbids this page to notify you. Its settings for this page allow it again.
        </Trans>
      </p>
    );
  }
  return notifying === "on" ? (
    <Button onClick={switchOff}>
      <BellOff aria-hidden="true" className="size-4" />
      <Trans>Stop notifying me</Trans>
    </Button>
  ) : (
    <Button onClick={() => void switchOn()}>
      <Bell aria-hidden="true" className="size-4" />
      <Trans>Notify me</Trans>
    </Button>
  );
}
