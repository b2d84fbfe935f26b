import { Trans } from "@lingui/react/macro";
import { PageHeader } from "../ui/index.ts";

/** The settlement history, for anyone to check. */
export function AuditPage() {
  return (
    <PageHeader title={<Trans>Audit</Trans>}>
      <Trans>Every settlement, with the reading, the order and the signature behind it.</Trans>
    </PageHeader>
  );
}
