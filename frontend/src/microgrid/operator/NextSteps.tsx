import { Plural, Trans } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import type { Microgrid } from "@wattline/sdk";
import { Circle, CircleCheck } from "lucide-react";
import type { ReactNode } from "react";
import { useMicrogrids, useTieLines } from "../../chain/index.ts";
import { useMembers } from "../../data/index.ts";
import { buttonClass, Card, Notice } from "../../ui/index.ts";
import type { OPERATOR_TASKS } from "./tasks.ts";
import { useWaitingProposals } from "./useWaitingProposals.ts";

/** What waits for the operator; for a new microgrid the way from its founding to the first trade. */
export function NextSteps({ microgrid }: { readonly microgrid: Microgrid }) {
  const { microgrid: number } = microgrid;
  const { data: members } = useMembers(number);
  const { data: lines } = useTieLines();
  const { data: microgrids = [] } = useMicrogrids();
  const waiting = useWaitingProposals(number).length;
  const meters = members?.filter(({ active }) => active) ?? [];
  const isNew = members !== undefined && !meters.some(({ reportedWh }) => reportedWh > 0n);
  const steps: readonly Step[] = [
    {
      isDone: true,
      words: <Trans>Found the microgrid, with its prices</Trans>,
    },
    {
      isDone: meters.some(({ capacityW }) => capacityW > 0),
      words: <Trans>Register a meter that exports, by the link that it shows</Trans>,
      task: "meter",
    },
    {
      isDone: meters.some(({ capacityW }) => capacityW === 0),
      words: <Trans>Register the meters of homes that only buy; they need one in an island</Trans>,
      task: "meter",
    },
    {
      isDone: meters.some(({ reportedWh }) => reportedWh > 0n),
      words: <Trans>Wait for the first reading: what it mints can be sold</Trans>,
    },
    ...(microgrids.length > 1
      ? [
          {
            isDone: lines?.some(({ lower, higher }) => [lower, higher].includes(number)) ?? false,
            words: <Trans>If you like, join a neighbouring microgrid by a tie line</Trans>,
            task: "line" as const,
          },
        ]
      : []),
  ];
  return (
    <>
      {waiting > 0 && (
        <Notice
          action={
            <TaskLink microgrid={number} task="line">
              <Trans>Look at it</Trans>
            </TaskLink>
          }
        >
          <Plural
            value={waiting}
            one="A neighbour's proposal of a tie line waits for you."
            other="# neighbours' proposals of tie lines wait for you."
          />
        </Notice>
      )}
      {isNew && (
        <Card title={<Trans>What comes next</Trans>}>
          <ol className="flex flex-col gap-2">
            {steps.map(({ isDone, words, task }, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a step is known by its place.
              <li key={index} className="flex flex-wrap items-center gap-3">
                {isDone ? (
                  <CircleCheck aria-hidden="true" className="size-5 shrink-0 text-leaf" />
                ) : (
                  <Circle aria-hidden="true" className="size-5 shrink-0 text-muted" />
                )}
                <span className={isDone ? "text-muted" : "font-semibold"}>{words}</span>
                {isDone && (
                  <span className="sr-only">
                    <Trans>done</Trans>
                  </span>
                )}
                {!isDone && task && (
                  <TaskLink microgrid={number} task={task}>
                    <Trans>Do it</Trans>
                  </TaskLink>
                )}
              </li>
            ))}
          </ol>
        </Card>
      )}
    </>
  );
}

type Task = (typeof OPERATOR_TASKS)[number];

interface Step {
  readonly isDone: boolean;
  readonly words: ReactNode;
  /** Where it is done. */
  readonly task?: Task;
}

const TaskLink = ({
  microgrid,
  task,
  children,
}: {
  readonly microgrid: number;
  readonly task: Task;
  readonly children: ReactNode;
}) => (
  <Link
    to="/microgrid"
    search={{ microgrid, task }}
    hash="operator"
    className={buttonClass("secondary", "small")}
  >
    {children}
  </Link>
);
