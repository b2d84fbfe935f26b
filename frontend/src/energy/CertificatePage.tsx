import { Trans } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "../ui/index.ts";

const route = getRouteApi("/certificate/$id");

/** A retirement of energy that anyone can open and verify. */
export function CertificatePage() {
  const { id } = route.useParams();
  return (
    <PageHeader title={<Trans>Certificate</Trans>}>
      <span className="font-mono break-all">{id}</span>
    </PageHeader>
  );
}
