import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Address } from "viem";
import { useMicrogrids, useNetwork } from "../chain/index.ts";
import { useDirectories } from "./directories.ts";
import { openAddressBook, setNames } from "./names.ts";

/** A directory changes rarely. */
const AGAIN_MS = 60_000;
const NOBODY = new Map();

/** Reads how people are called: in this browser's address book, the communities' directories, and the demo. */
export function NamesOfPeople() {
  const { demo, deployment } = useNetwork();
  const { data: microgrids } = useMicrogrids();
  useEffect(openAddressBook, []);
  const directory = useDirectories(microgrids);
  const { refetch } = directory;
  useEffect(() => {
    const again = setInterval(() => void refetch(), AGAIN_MS);
    return () => clearInterval(again);
  }, [refetch]);
  useEffect(() => setNames("directory", directory.data ?? NOBODY), [directory.data]);

  const named = useQuery({
    queryKey: ["demo names", deployment.chainId],
    queryFn: async () => {
      // Only a demo needs the cryptography for it.
      const { privateKeyToAddress } = await import("viem/accounts");
      return new Map(
        demo?.accounts.map(({ name, privateKey }) => {
          const account: Address = privateKeyToAddress(privateKey);
          return [account.toLowerCase(), { name }] as const;
        }),
      );
    },
    enabled: demo !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
  });
  useEffect(() => setNames("demo", (demo && named.data) ?? NOBODY), [demo, named.data]);
  return null;
}
