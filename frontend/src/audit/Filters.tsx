import { Trans, useLingui } from "@lingui/react/macro";
import { getRouteApi } from "@tanstack/react-router";
import { slotAt, slotStart } from "@wattline/sdk";
import { type ReactNode, useEffect, useState } from "react";
import { isAddress, isHex } from "viem";
import { Button, Field, HexInput, Input } from "../ui/index.ts";

const route = getRouteApi("/audit");

const isAddressText = (text: string): boolean => isAddress(text, { strict: false });
const isHashText = (text: string): boolean => isHex(text) && text.length === 66;

/** The filters of the settlements; they are in the URL, so that a result can be shared. */
export function Filters({ slotSeconds }: { readonly slotSeconds: number }) {
  const { t } = useLingui();
  const navigate = route.useNavigate();
  const { household, meter, slot, tx } = route.useSearch();
  const set = (next: object) =>
    void navigate({ search: (search) => ({ ...search, ...next, row: undefined }), replace: true });
  const isFiltered = [household, meter, slot, tx].some((each) => each !== undefined);
  return (
    <search className="mb-3 grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-[1fr_1fr_auto_1fr_auto]">
      <TextFilter
        label={<Trans>Household</Trans>}
        value={household}
        isValid={isAddressText}
        problem={t`This is not an account: an address is 0x and 40 hexadecimal digits.`}
        onChange={(text) => set({ household: text })}
      />
      <TextFilter
        label={<Trans>Meter</Trans>}
        value={meter}
        isValid={isAddressText}
        problem={t`This is not a meter: an address is 0x and 40 hexadecimal digits.`}
        onChange={(text) => set({ meter: text })}
      />
      <Field label={<Trans>Delivery slot at</Trans>}>
        {(control) => (
          <Input
            {...control}
            type="datetime-local"
            step={slotSeconds}
            value={slot === undefined ? "" : localTextOf(slotStart(slot, slotSeconds))}
            onChange={({ target }) => {
              const time = Date.parse(target.value);
              set({ slot: Number.isNaN(time) ? undefined : slotAt(time / 1_000, slotSeconds) });
            }}
          />
        )}
      </Field>
      <TextFilter
        label={<Trans>Transaction</Trans>}
        value={tx}
        isValid={isHashText}
        problem={t`This is not a transaction: a hash is 0x and 64 hexadecimal digits.`}
        onChange={(text) => set({ tx: text })}
      />
      {isFiltered && (
        <Button
          look="ghost"
          className="self-end"
          onClick={() =>
            set({ household: undefined, meter: undefined, slot: undefined, tx: undefined })
          }
        >
          <Trans>Show all</Trans>
        </Button>
      )}
    </search>
  );
}

function TextFilter({
  label,
  value,
  isValid,
  problem,
  onChange,
}: {
  readonly label: ReactNode;
  readonly value: string | undefined;
  isValid(text: string): boolean;
  readonly problem: string;
  onChange(text: string | undefined): void;
}) {
  const [text, setText] = useState(value ?? "");
  useEffect(() => setText(value ?? ""), [value]);
  return (
    <Field label={label} error={text !== "" && !isValid(text) ? problem : undefined}>
      {(control) => (
        <HexInput
          {...control}
          type="search"
          value={text}
          onChange={({ target: { value: next } }) => {
            setText(next);
            if (next === "" && value !== undefined) onChange(undefined);
            else if (isValid(next)) onChange(next.toLowerCase());
          }}
        />
      )}
    </Field>
  );
}

/** A time as the value of a `datetime-local` input. */
function localTextOf(unixSeconds: number): string {
  const offset = new Date(unixSeconds * 1_000).getTimezoneOffset() * 60;
  return new Date((unixSeconds - offset) * 1_000).toISOString().slice(0, 16);
}
