import { Trans, useLingui } from "@lingui/react/macro";
import { Link2 } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { localZone } from "../browser/index.ts";
import { Button, Card, PageHeader } from "../ui/index.ts";
import { AssumptionsCard } from "./AssumptionsCard.tsx";
import { HomeCard } from "./HomeCard.tsx";
import { QuestionsCard } from "./QuestionsCard.tsx";
import { Result } from "./result/Result.tsx";
import { assumptionsIn } from "./search.ts";
import { Failed, Nothing, Running } from "./states.tsx";
import { useGainsSearch } from "./useSearch.ts";
import { type StudyState, useStudy } from "./useStudy.ts";
import type { ChosenFile, StudyJob } from "./worker/messages.ts";

const NO_FILES: readonly ChosenFile[] = [];

/** What a year with the neighbours would have brought: needs no wallet, and sends no file anywhere. */
export function GainsPage() {
  const [search, change] = useGainsSearch();
  const [own, setOwn] = useState(NO_FILES);
  const [friends, setFriends] = useState(NO_FILES);
  const { home } = search;
  const assumptions = useMemo(() => assumptionsIn(search), [search]);
  const job = useMemo((): StudyJob | undefined => {
    const timeZone = localZone();
    if (own.length > 0) return { own, friends, assumptions, timeZone };
    return home && { own: home, friends: NO_FILES, assumptions, timeZone };
  }, [own, friends, assumptions, home]);
  const study = useStudy(job);

  const chooseOwn = useCallback(
    (files: readonly ChosenFile[]) => {
      setOwn(files);
      change({ home: undefined });
    },
    [change],
  );
  const answer = (answered: readonly ChosenFile[]) => {
    setOwn(answered.slice(0, own.length));
    setFriends(answered.slice(own.length));
  };
  const stop = () => {
    setOwn(NO_FILES);
    setFriends(NO_FILES);
    change({ home: undefined });
  };

  return (
    <>
      <PageHeader title={<Trans>What would I gain?</Trans>} actions={<CopyLink />}>
        <Trans>
          See a year of your own meter with and without neighbours. You need no wallet, and your
          files stay in this browser.
        </Trans>
      </PageHeader>
      {/* On a phone the figures come before the assumptions, on a desktop they are beside both. */}
      <div className="grid gap-4 lg:grid-cols-[22rem_minmax(0,1fr)] lg:grid-rows-[auto_1fr] lg:items-start">
        <div>
          <HomeCard
            own={own}
            friends={friends}
            sample={own.length > 0 ? undefined : home}
            onOwn={chooseOwn}
            onFriends={setFriends}
            onSample={(sample) => {
              setOwn(NO_FILES);
              setFriends(NO_FILES);
              change({ home: sample });
            }}
          />
        </div>
        <div className="flex min-w-0 flex-col gap-4 lg:col-start-2 lg:row-span-2">
          <Outcome
            study={study}
            files={[...own, ...friends]}
            onAnswer={answer}
            onStop={stop}
            onSample={() => change({ home: "roof" })}
          />
        </div>
        <div>
          <AssumptionsCard search={search} hasFriends={friends.length > 0} onChange={change} />
        </div>
      </div>
    </>
  );
}

function Outcome({
  study,
  files,
  onAnswer,
  onStop,
  onSample,
}: {
  readonly study: StudyState;
  readonly files: readonly ChosenFile[];
  onAnswer(files: readonly ChosenFile[]): void;
  onStop(): void;
  onSample(): void;
}) {
  switch (study.state) {
    case "idle":
      return (
        <Card>
          <Nothing onSample={onSample} />
        </Card>
      );
    case "running":
      return (
        <Card title={<Trans>Your year</Trans>}>
          <Running progress={study.progress} onStop={onStop} />
        </Card>
      );
    case "asked":
      return <QuestionsCard asked={study.asked} files={files} onAnswer={onAnswer} />;
    case "failed":
      return (
        <Card>
          <Failed error={study.error} />
        </Card>
      );
    case "found":
      return <Result gains={study.gains} range={study.range} isComplete={study.isComplete} />;
  }
}

/** The link carries the assumptions; the files are not in it. */
function CopyLink() {
  const { t } = useLingui();
  const [copied, setCopied] = useState(false);
  const copy = () => {
    navigator.clipboard.writeText(window.location.href).then(
      () => setCopied(true),
      () => undefined,
    );
  };
  return (
    <Button onClick={copy} title={t`The link carries your assumptions, never your data.`}>
      <Link2 aria-hidden="true" className="size-4" />
      {copied ? <Trans>Link copied</Trans> : <Trans>Copy a link without data</Trans>}
    </Button>
  );
}
