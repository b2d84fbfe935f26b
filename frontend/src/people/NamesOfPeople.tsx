import { useEffect } from "react";
import { useMicrogrids, useNetwork } from "../chain/index.ts";
import { useDirectories } from "./directories.ts";
import { openAddressBook, setNames } from "./names.ts";

/** A directory changes rarely. */
const AGAIN_MS = 60_000;
const NOBODY = new Map();

/** Reads how people are called: in this browser's address book, the communities' directories, and the demo. */
export function NamesOfPeople() {
  const { demo } = useNetwork();
  const { data: microgrids } = useMicrogrids();
  useEffect(openAddressBook, []);
  const directory = useDirectories(microgrids);
  const { refetch } = directory;
  useEffect(() => {
    const again = setInterval(() => void refetch(), AGAIN_MS);
    return () => clearInterval(again);
  }, [refetch]);
  useEffect(() => setNames("directory", directory.data ?? NOBODY), [directory.data]);
  useEffect(() => {
    const called = demo?.accounts.map(
      ({ name, address }) => [address.toLowerCase(), { name }] as const,
    );
    setNames("demo", new Map(called));
  }, [demo]);
  return null;
}
