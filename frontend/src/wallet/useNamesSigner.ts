import {
  DIRECTORY_TYPES,
  type Directory,
  LISTING_TYPES,
  type Listing,
  type SignedDirectory,
} from "@wattline/sdk";
import { useSignature } from "./useSignature.ts";
import { useMarketDomain } from "./useSigner.ts";

/** Signs how one agrees to be called in a microgrid. */
export function useListingSigner(): (
  microgrid: number,
  words: Omit<Listing, "consent">,
) => Promise<Listing> {
  const domain = useMarketDomain();
  const sign = useSignature();
  return async (microgrid, words) => ({
    ...words,
    consent: await sign({
      domain,
      types: LISTING_TYPES,
      primaryType: "Listing",
      message: { microgrid, ...words },
    }),
  });
}

/** Signs a microgrid's directory of names, as its operator. */
export function useDirectorySigner(): (directory: Directory) => Promise<SignedDirectory> {
  const domain = useMarketDomain();
  const sign = useSignature();
  return async (directory) => ({
    directory,
    signature: await sign({
      domain,
      types: DIRECTORY_TYPES,
      primaryType: "Directory",
      message: { ...directory },
    }),
  });
}
