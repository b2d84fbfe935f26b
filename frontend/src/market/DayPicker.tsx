import { useLingui } from "@lingui/react/macro";
import { addDays, slotStart } from "@wattline/sdk";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { Button, formatDay } from "../ui/index.ts";
import type { Market } from "./useMarket.ts";

/** Chooses the day that is shown. */
export function DayPicker({
  market: { day, today },
  onPick,
}: {
  readonly market: Market;
  onPick(day: string): void;
}) {
  const { t } = useLingui();
  const name = formatDay(slotStart(day.slots.firstSlot, day.slotSeconds));
  return (
    <div className="flex items-center gap-1">
      <Button
        look="ghost"
        size="icon"
        aria-label={t`Day before`}
        onClick={() => onPick(addDays(day.day, -1))}
      >
        <ChevronLeft aria-hidden="true" className="size-5" />
      </Button>
      <span className="min-w-28 text-center font-semibold" aria-live="polite">
        {day.day === today ? t`Today, ${name}` : name}
      </span>
      <Button
        look="ghost"
        size="icon"
        aria-label={t`Day after`}
        onClick={() => onPick(addDays(day.day, 1))}
      >
        <ChevronRight aria-hidden="true" className="size-5" />
      </Button>
    </div>
  );
}
