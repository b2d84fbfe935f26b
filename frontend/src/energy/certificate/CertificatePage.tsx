import { Trans } from "@lingui/react/macro";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { FileQuestion } from "lucide-react";
import type { Client } from "viem";
import { useConfig } from "wagmi";
import { getClient } from "wagmi/actions";
import { type Network, useNetworks } from "../../chain/index.ts";
import {
  Card,
  EmptyState,
  ErrorState,
  formatList,
  PageHeader,
  SkeletonLines,
} from "../../ui/index.ts";
import { CertificateSheet } from "./CertificateSheet.tsx";
import { findCertificate, type MissingPart, NoCertificateError } from "./read.ts";
import { verify } from "./verify.ts";

const route = getRouteApi("/certificate/$id");

/** A certificate, which anyone can open and verify without a wallet, from the chain and not from an index. */
export function CertificatePage() {
  const { id } = route.useParams();
  const { network, networks } = useNetworks();
  const config = useConfig();
  const clientOf = ({ deployment: { chainId } }: Network): Client => {
    const client = getClient(config, { chainId });
    if (client === undefined) throw new Error(`There is no client for chain ${chainId}.`);
    return client;
  };
  const certificate = useQuery({
    queryKey: ["certificate", network.deployment.chainId, id],
    queryFn: () =>
      findCertificate(id, [network, ...networks.filter((one) => one !== network)], clientOf),
    retry: (count, error) => count < 1 && !(error instanceof NoCertificateError),
    staleTime: Number.POSITIVE_INFINITY,
  });
  const found = certificate.data;
  const verification = useQuery({
    queryKey: ["certificate", network.deployment.chainId, id, "verification"],
    queryFn: ({ signal }) => {
      if (found === undefined) throw new Error("There is no certificate to verify yet.");
      return verify(clientOf(found.network), found, signal);
    },
    enabled: found !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (found !== undefined) {
    return (
      <CertificateSheet
        certificate={found}
        verification={verification.data}
        error={verification.error}
        onVerify={() => void verification.refetch()}
        busy={verification.isFetching}
      />
    );
  }
  return (
    <>
      <PageHeader title={<Trans>Certificate</Trans>} />
      <Card>
        {certificate.error === null ? (
          <SkeletonLines lines={6} />
        ) : certificate.error instanceof NoCertificateError ? (
          <EmptyState
            icon={<FileQuestion />}
            title={<Trans>This is not a certificate of Wattline</Trans>}
          >
            <WhyNone
              missing={certificate.error.missing}
              networks={formatList(networks.map(({ name }) => name))}
            />
          </EmptyState>
        ) : (
          <ErrorState
            title={<Trans>The chain could not be asked for the certificate</Trans>}
            error={certificate.error}
            onRetry={() => void certificate.refetch()}
          />
        )}
      </Card>
    </>
  );
}

function WhyNone({
  missing,
  networks,
}: {
  readonly missing: MissingPart;
  readonly networks: string;
}) {
  switch (missing) {
    case "name":
      return (
        <Trans>
          The link is damaged: a certificate is named by a transaction and the number of its event.
        </Trans>
      );
    case "transaction":
      return <Trans>There is no such transaction on {networks}.</Trans>;
    case "retirement":
      return <Trans>The transaction exists, but it retired no energy of Wattline.</Trans>;
  }
}
