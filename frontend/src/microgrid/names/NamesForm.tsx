import { Plural, Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import type { Listing, Microgrid } from "@wattline/sdk";
import { CircleCheck, Users } from "lucide-react";
import { useState } from "react";
import type { Address } from "viem";
import { useNetwork } from "../../chain/index.ts";
import { publishDirectory, RelayError, useMembers } from "../../data/index.ts";
import { Person, useCalled, useDirectory, useNamesChanged } from "../../people/index.ts";
import {
  AddressText,
  Button,
  EmptyState,
  ErrorState,
  Notice,
  SkeletonLines,
} from "../../ui/index.ts";
import { isRejection, notify, useDirectorySigner, wordsFor } from "../../wallet/index.ts";
import { type Household, householdsOf } from "../members/households.ts";
import { useBrought } from "./brought.ts";
import { CopyLink } from "./CopyLink.tsx";
import {
  type Entry,
  entriesOf,
  isSameDirectory,
  isToAgree,
  listingsOf,
  namesTaken,
} from "./listed.ts";
import { useFaultsOf, type WordsFaults, WordsFields } from "./WordsFields.tsx";
import { tidy, type Words } from "./words.ts";

const route = getRouteApi("/microgrid");

/** What the operator signs and publishes to the relay: how the community's people are called. */
export function NamesForm({ microgrid }: { readonly microgrid: Microgrid }) {
  const { relayUrl } = useNetwork();
  const { data: members, error, refetch } = useMembers(microgrid.microgrid);
  const { data: signed } = useDirectory(microgrid);
  const brought = useBrought(microgrid, route.useSearch());
  if (relayUrl === undefined) {
    return (
      <Notice>
        <Trans>Names are served by a relay, and this network has none.</Trans>
      </Notice>
    );
  }
  if (error) {
    return (
      <ErrorState
        title={<Trans>The members could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (members === undefined || signed === undefined) return <SkeletonLines lines={5} />;
  const version = signed?.directory.version ?? 0;
  return (
    <Form
      microgrid={microgrid}
      relayUrl={relayUrl}
      version={version}
      present={signed?.directory.listings ?? []}
      brought={brought}
      households={householdsOf(members.filter(({ active }) => active))}
    />
  );
}

function Form({
  microgrid: { microgrid },
  relayUrl,
  version,
  present,
  brought,
  households,
}: {
  readonly microgrid: Microgrid;
  readonly relayUrl: string;
  /** Of the directory that there is; 0 where there is none. */
  readonly version: number;
  readonly present: readonly Listing[];
  readonly brought: readonly Listing[];
  readonly households: readonly Household[];
}) {
  const { t } = useLingui();
  const network = useNetwork();
  const sign = useDirectorySigner();
  const namesChanged = useNamesChanged();
  const faultsOf = useFaultsOf();
  const [typed, setTyped] = useState<ReadonlyMap<Address, Words>>(new Map());
  const [busy, setBusy] = useState(false);
  const [reason, setReason] = useState<string>();

  const entries = entriesOf(households, present, brought, typed);
  const listings = listingsOf(entries);
  const taken = namesTaken(
    entries.map(({ words }) => tidy(words)).filter(({ name }) => name !== ""),
  );
  const faultsIn = ({ words }: Entry): WordsFaults => {
    const isTaken = taken.has(tidy(words).name.toLocaleLowerCase("en"));
    return { ...(isTaken && { name: t`Somebody else is called so too.` }), ...faultsOf(words) };
  };
  const isSound = entries.every((entry) => Object.keys(faultsIn(entry)).length === 0);
  const isNew = !isSameDirectory(listings, present);
  const count = listings.length;

  async function publish(): Promise<void> {
    setReason(undefined);
    setBusy(true);
    try {
      await publishDirectory(relayUrl, await sign({ microgrid, version: version + 1, listings }));
      await namesChanged();
      notify.done(t`The names are published`);
    } catch (error) {
      if (isRejection(error)) return;
      setReason(error instanceof RelayError ? refusalOf(error) : await wordsFor(error, network));
      // Another browser may have published meanwhile: then that is shown.
      await namesChanged();
    } finally {
      setBusy(false);
    }
  }

  const refusalOf = ({ status, message }: RelayError): string =>
    status === 409
      ? t`Other names were published meanwhile: they are shown now.`
      : t`The relay has not taken the names: ${message}`;

  if (entries.length === 0) {
    return (
      <EmptyState icon={<Users />} title={<Trans>Nobody is in this community yet</Trans>}>
        <Trans>The operator registers the meters of its households.</Trans>
      </EmptyState>
    );
  }
  return (
    <div className="flex flex-col gap-4">
      <p className="max-w-3xl text-sm text-muted">
        <Trans>
          People see these names in place of addresses. Nobody is listed without having signed the
          very words: write what somebody wants to be called, and send the invitation. Its answer is
          a link; open it here. An empty name takes somebody out.
        </Trans>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard. */}
      <section aria-label={t`Names`} tabIndex={0} className="max-h-[40rem] overflow-y-auto">
        <ul className="flex flex-col gap-3">
          {entries.map((entry) => (
            <EntryItem
              key={entry.owner}
              microgrid={microgrid}
              entry={entry}
              faults={faultsIn(entry)}
              onChange={(words) => setTyped(new Map(typed).set(entry.owner, words))}
            />
          ))}
        </ul>
      </section>
      <div className="flex flex-col items-start gap-2">
        {isNew ? (
          <Button look="primary" busy={busy} disabled={!isSound} onClick={() => void publish()}>
            <Plural value={count} one="Sign and publish # name" other="Sign and publish # names" />
          </Button>
        ) : (
          <p className="text-sm text-muted">
            {count === 0 ? (
              <Trans>Nobody has agreed to a name yet.</Trans>
            ) : (
              <Trans>What has been agreed to is published already.</Trans>
            )}
          </p>
        )}
        {reason && (
          <p role="alert" className="text-sm font-medium text-danger">
            {reason}
          </p>
        )}
      </div>
    </div>
  );
}

/** A household: its meters, the words, and whether it has agreed to them. */
function EntryItem({
  microgrid,
  entry,
  faults,
  onChange,
}: {
  readonly microgrid: number;
  readonly entry: Entry;
  readonly faults: WordsFaults;
  onChange(words: Words): void;
}) {
  const { owner, meters, present, words, agreed } = entry;
  const isCalled = useCalled()(owner) !== undefined;
  const isSound = Object.keys(faults).length === 0;
  return (
    <li className="flex flex-col gap-3 rounded-xl border border-line p-3">
      <p className="flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-muted">
        <Person address={owner} className="text-base font-semibold text-ink" />
        {isCalled && <AddressText address={owner} />}
        {meters.map(({ meter }) => (
          <span key={meter} className="inline-flex items-center gap-1">
            <Trans>Meter</Trans> <AddressText address={meter} />
          </span>
        ))}
        {meters.length === 0 && <Trans>has no meter here any more</Trans>}
      </p>
      <WordsFields words={words} faults={faults} onChange={onChange} />
      {agreed !== undefined && (
        <p className="flex items-center gap-2 text-sm font-medium">
          <CircleCheck aria-hidden="true" className="size-5 text-leaf" />
          {agreed === present ? <Trans>Agreed to, and published</Trans> : <Trans>Agreed to</Trans>}
        </p>
      )}
      {isToAgree(entry) && isSound && (
        <p className="flex flex-wrap items-center gap-x-4 gap-y-2 text-sm">
          <CopyLink search={{ microgrid, ...tidy(words) }} hash="members">
            <Trans>Copy the invitation</Trans>
          </CopyLink>
          {present === undefined ? (
            <Trans>Not agreed to yet: it is left out.</Trans>
          ) : (
            <Trans>Not agreed to yet: “{present.name}” stays.</Trans>
          )}
        </p>
      )}
    </li>
  );
}
