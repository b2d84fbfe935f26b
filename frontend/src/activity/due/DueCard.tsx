import { Trans, useLingui } from "@lingui/react/macro";
import { Link } from "@tanstack/react-router";
import { BellRing } from "lucide-react";
import type { Address } from "viem";
import { Button, buttonClass, Card } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";
import { OpenBlocks } from "../forwards/OpenBlocks.tsx";
import type { Due } from "./useDue.ts";
import { dueWords } from "./words.ts";

/** What waits for the household, and the one tap that settles what needs no decision; nothing when nothing waits. */
export function DueCard({ due, holder }: { readonly due: Due; readonly holder: Address }) {
  const { t } = useLingui();
  const { transact, busy } = useTransact();
  const { calls, overdue, proposals, roles, readiness } = due;
  const words = dueWords(due);
  if (words.length === 0) return null;
  const asked = [...new Set([...proposals.map(({ microgrid }) => microgrid), ...roles])];
  return (
    <Card title={<Trans>Waiting for you</Trans>} className="border-sun">
      <div className="flex flex-col gap-3">
        <div className="flex flex-wrap items-center justify-between gap-3">
          <ul className="flex flex-col gap-1">
            {words.map(({ key, sentence }) => (
              <li key={key} className="flex gap-2">
                <BellRing aria-hidden="true" className="mt-0.5 size-5 shrink-0 text-sun-text" />
                {sentence}
              </li>
            ))}
          </ul>
          {calls.length > 0 && (
            <Button
              look="primary"
              size="large"
              busy={busy}
              onClick={() => void transact({ title: t`Settle what is due`, calls })}
            >
              <Trans>Settle all</Trans>
            </Button>
          )}
        </div>
        {overdue.length > 0 && (
          <OpenBlocks forwards={overdue} readiness={readiness} holder={holder} />
        )}
        {asked.length > 0 && (
          <p className="flex flex-wrap gap-2">
            {asked.map(({ microgrid, name }) => (
              <Link
                key={microgrid}
                to="/microgrid"
                search={{ microgrid }}
                className={buttonClass("secondary")}
              >
                <Trans>Decide in {name}</Trans>
              </Link>
            ))}
          </p>
        )}
      </div>
    </Card>
  );
}
