import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import type { Address } from "viem";
import { later } from "../browser/index.ts";
import { useChainQuery, useMicrogrids, useNetwork } from "../chain/index.ts";
import { openAddressBook, setNames } from "./names.ts";

const load = later(() => import("./directory.ts"));
/** A directory changes rarely. */
const AGAIN_MS = 60_000;
const NOBODY = new Map();

/** Reads how people are called: in this browser's address book, the communities' directories, and the demo. */
export function NamesOfPeople() {
  const { demo, deployment } = useNetwork();
  const { data: microgrids } = useMicrogrids();
  useEffect(openAddressBook, []);
  const operators = microgrids?.map(({ microgrid, operator }) => `${microgrid} ${operator}`);
  const directory = useChainQuery(
    ["names", operators],
    async (context) => (await load()).readNames(context, microgrids ?? []),
    { enabled: microgrids !== undefined },
  );
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
