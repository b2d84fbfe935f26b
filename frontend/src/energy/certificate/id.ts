import type { Hex } from "viem";

/** The transaction and log index in a certificate's id; undefined when it is not one. */
export function parseCertificateId(
  id: string,
): { readonly hash: Hex; readonly logIndex: number } | undefined {
  const match = /^(0x[0-9a-fA-F]{64})-(\d{1,9})$/.exec(id);
  if (match?.[1] === undefined) return undefined;
  return { hash: match[1].toLowerCase() as Hex, logIndex: Number(match[2]) };
}
