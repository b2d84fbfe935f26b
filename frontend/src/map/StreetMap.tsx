import { Trans, useLingui } from "@lingui/react/macro";
import type { Mode } from "@wattline/sdk";
import { useCallback, useDeferredValue, useEffect, useRef, useState } from "react";
import { loadMessages } from "../i18n/index.ts";
import { useCalled } from "../people/index.ts";
import { ErrorState, formatClock, formatDay, SkeletonLines, SlotTime } from "../ui/index.ts";
import { Details } from "./Details.tsx";
import { Picture } from "./Picture.tsx";
import { StreetTable } from "./StreetTable.tsx";
import type { Picked, Street } from "./street.ts";
import { useStreets } from "./useStreets.ts";

// The words come with what is said in them.
await loadMessages("map");

/** Wide enough for a phone; before the place is measured. */
const FIRST_WIDTH = 358;

/** The living map: homes, microgrids and tie lines, with what flows in the current slot. */
export default function StreetMap() {
  const { t } = useLingui();
  const { data: newest, error, refetch } = useStreets();
  // Rendered in steps, so that hundreds of homes do not block the page.
  const data = useDeferredValue(newest);
  const called = useDeferredValue(useCalled());
  const [width, setWidth] = useState(FIRST_WIDTH);
  const [picked, setPicked] = useState<Picked>();
  const place = useRef<HTMLDivElement>(null);
  const pick = useCallback((next: Picked) => setPicked(next), []);
  const isThere = data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is there when the data is.
  useEffect(() => {
    if (place.current === null) return;
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) setWidth(Math.max(320, Math.floor(entry.contentRect.width)));
    });
    observer.observe(place.current);
    return () => observer.disconnect();
  }, [isThere]);

  if (error) {
    return (
      <ErrorState
        title={<Trans>The homes could not be read</Trans>}
        error={error}
        onRetry={refetch}
      />
    );
  }
  if (data === undefined) return <SkeletonLines lines={8} />;
  const modes: Readonly<Record<Mode, string>> = {
    Connected: t`Connected`,
    Islanded: t`Islanded`,
    Closed: t`Closed`,
  };
  const { streets, ties, slot, slotSeconds, isNow } = data;
  if (streets.length === 0) return null;
  return (
    <div className="flex flex-col gap-3">
      <p className="text-sm text-muted">
        {isQuiet(streets) ? (
          <Trans>In the last two hours nobody has traded here.</Trans>
        ) : isNow ? (
          <Trans>
            What neighbours trade now,{" "}
            <SlotTime slot={slot} slotSeconds={slotSeconds} day={false} />
          </Trans>
        ) : (
          <Trans>
            What neighbours traded last: {formatDay(slot * slotSeconds)},{" "}
            {formatClock(slot * slotSeconds)}
          </Trans>
        )}
      </p>
      <div ref={place} className="overflow-x-auto">
        <Picture
          streets={streets}
          ties={ties}
          modes={modes}
          called={called}
          width={width}
          picked={picked}
          onPick={pick}
        />
      </div>
      <Legend />
      {picked && <Details picked={picked} streets={streets} ties={ties} modes={modes} />}
      <StreetTable streets={streets} ties={ties} modes={modes} onPick={pick} />
    </div>
  );
}

const isQuiet = (streets: readonly Street[]): boolean =>
  streets.every(({ homes }) => homes.every(({ soldWh, boughtWh }) => soldWh + boughtWh === 0n));

function Legend() {
  const symbols = [
    { id: "map-roof", label: <Trans>roof with solar panels</Trans> },
    { id: "map-home", label: <Trans>home without a roof of its own</Trans> },
    { id: "map-shelter", label: <Trans>critical load</Trans> },
    { id: "map-battery", label: <Trans>battery</Trans> },
  ];
  return (
    <ul className="flex flex-wrap gap-x-4 gap-y-1 text-xs text-muted">
      {symbols.map(({ id, label }) => (
        <li key={id} className="inline-flex items-center gap-1.5">
          <svg aria-hidden="true" width="18" height="16" className="text-ink">
            <use href={`#${id}`} width="18" height="16" />
          </svg>
          {label}
        </li>
      ))}
      <li className="inline-flex items-center gap-1.5">
        <span className="font-bold text-sun-text">+</span> <Trans>sells</Trans>
      </li>
      <li className="inline-flex items-center gap-1.5">
        <span className="font-bold text-sky">−</span> <Trans>buys</Trans>
      </li>
    </ul>
  );
}
