import { Trans, useLingui } from "@lingui/react/macro";
import { isIslandedIn, type Microgrid, SOURCES, slotAt } from "@wattline/sdk";
import { Signature } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useForm } from "react-hook-form";
import type { Address } from "viem";
import { useAccount, useChainTime, useNetwork } from "../chain/index.ts";
import { Button, Field, Input, Notice, Price, typedAmount, unitOf } from "../ui/index.ts";
import { notify } from "../wallet/index.ts";
import { Announce } from "./Announce.tsx";
import { Audience } from "./Audience.tsx";
import { Choice, Ticks } from "./choices.tsx";
import { type Beginning, tomorrowsWindow, valuesOf } from "./defaults.ts";
import type { Draft, OrderValues } from "./draft.ts";
import type { HomeMeter } from "./homes.ts";
import { MeterField } from "./MeterField.tsx";
import { Preview } from "./Preview.tsx";
import { PriceHint } from "./PriceHint.tsx";
import { placedWords } from "./placedWords.ts";
import { pricesOf, suggestedPrice } from "./price.ts";
import type { Fault } from "./reasons.ts";
import { resolverOf } from "./resolver.ts";
import { sourceName } from "./sentence.ts";
import { fromLocalInput, slotsBetween } from "./time.ts";
import { type Placed, useOrdering } from "./useOrdering.ts";
import { WeekEditor } from "./WeekEditor.tsx";

/** The form of an offer or a bid: filled in sensibly, said in a sentence, signed without gas. */
export function OrderForm({
  side,
  microgrid,
  maker,
  beginning,
  neighbours,
  onClose,
}: {
  readonly side: "offer" | "bid";
  readonly microgrid: Microgrid;
  readonly maker: Address;
  readonly beginning: Beginning;
  readonly neighbours: readonly HomeMeter[];
  onClose(): void;
}) {
  const { t } = useLingui();
  const { currency } = useNetwork();
  const time = useChainTime() ?? 0;
  const { slotSeconds } = microgrid;
  const { data: account } = useAccount(maker);
  const isLocked = (account?.lock?.untilSeconds ?? 0) > time;
  const lock = isLocked ? account?.lock : undefined;
  const context = { side, maker, slotSeconds, decimals: currency.decimals, now: time, lock };
  const latest = useRef(context);
  latest.current = context;
  const form = useForm<OrderValues, unknown, Draft>({
    defaultValues: valuesOf(context, beginning),
    resolver: resolverOf(() => latest.current),
  });
  const { register, watch, setValue, getValues, setError, formState } = form;
  const { errors, isSubmitting } = formState;
  const ordering = useOrdering(microgrid);
  const [signed, setSigned] = useState<Extract<Placed, { status: "unreachable" }>["signed"]>();
  const [kind, plan] = [watch("kind"), watch("plan")];
  const [ahead, sells] = [kind === "ahead", side === "offer"];
  const signal = useClosing();

  // Energy to come is sold before it comes: a window in the past makes way for tomorrow.
  useEffect(() => {
    if (!ahead || (fromLocalInput(getValues("until")) ?? 0) > latest.current.now) return;
    const { from, until } = tomorrowsWindow(latest.current.now);
    setValue("from", from);
    setValue("until", until);
  }, [ahead, getValues, setValue]);

  // A price that nobody has typed is that of the time chosen.
  const [from, until] = [watch("from"), watch("until")];
  const isTyped = formState.dirtyFields.price === true;
  useEffect(() => {
    if (isTyped) return;
    const prices = pricesOf(microgrid, slotsBetween(from, until, slotSeconds));
    if (prices === undefined) return;
    const { decimals } = latest.current;
    setValue("price", typedAmount(suggestedPrice(side, prices, decimals), decimals));
  }, [from, until, isTyped, microgrid, side, slotSeconds, setValue]);

  function showOutcome(placed: Placed): void {
    switch (placed.status) {
      case "placed":
        notify.done(...placedWords(placed.signed));
        onClose();
        break;
      case "declined":
        notify.declined(sells ? t`Sell energy` : t`Bid for energy`);
        break;
      case "unreachable":
        setSigned(placed.signed);
        break;
      case "refused": {
        const said = new Map<ReturnType<typeof fieldOf>, string>();
        for (const fault of placed.faults) {
          const field = fieldOf(fault, plan);
          said.set(field, [said.get(field), fault.words].filter(Boolean).join(" "));
        }
        for (const [field, message] of said) setError(field, { type: "refused", message });
      }
    }
  }
  const submit = form.handleSubmit(async (draft) => {
    showOutcome(await ordering.place(draft, signal()));
  });

  if (signed !== undefined) {
    return (
      <Announce
        signed={signed}
        call={ordering.pinCall(signed)}
        onAnnounce={async () => {
          if ((await ordering.announce(signed)).status === "done") onClose();
        }}
        onTryAgain={async () => showOutcome(await ordering.handIn(signed))}
        onBack={() => setSigned(undefined)}
      />
    );
  }

  const minutes = { step: slotSeconds };
  return (
    <form onSubmit={(event) => void submit(event)} noValidate className="flex flex-col gap-4">
      <Choice
        label={<Trans>Which energy</Trans>}
        field={register("kind")}
        options={[
          { value: "ready", label: sells ? t`Energy I have` : t`Minted energy` },
          { value: "ahead", label: t`Energy to come` },
        ]}
      />
      <Choice
        label={<Trans>Which prices</Trans>}
        field={register("plan")}
        options={[
          { value: "one", label: t`One price` },
          { value: "week", label: t`A week of prices` },
        ]}
      />
      {!ahead && sells && beginning.surplus === undefined && (
        <Notice>
          <Trans>
            You have no unsold energy at the moment. You can offer what your meter has yet to
            report: the offer counts as soon as the energy is minted.
          </Trans>
        </Notice>
      )}
      <IslandNotice microgrid={microgrid} />

      {plan === "week" ? (
        <WeekEditor form={form} />
      ) : (
        <>
          <div className="grid gap-3">
            <Field label={<Trans>From</Trans>} error={errors.from?.message}>
              {(control) => (
                <Input
                  type="datetime-local"
                  {...minutes}
                  {...control}
                  {...register("from", { deps: "until" })}
                />
              )}
            </Field>
            <Field label={<Trans>Until</Trans>} error={errors.until?.message}>
              {(control) => (
                <Input type="datetime-local" {...minutes} {...control} {...register("until")} />
              )}
            </Field>
          </div>
          <div className="grid grid-cols-2 gap-3">
            <Field
              label={<Trans>Energy at most</Trans>}
              hint={<Trans>In all delivery slots together</Trans>}
              error={errors.energy?.message}
            >
              {(control) => (
                <Input unit="kWh" inputMode="decimal" {...control} {...register("energy")} />
              )}
            </Field>
            <Field
              label={sells ? <Trans>Posted price</Trans> : <Trans>Limit</Trans>}
              hint={<PriceHint side={side} microgrid={microgrid} from={from} until={until} />}
              error={errors.price?.message}
            >
              {(control) => (
                <Input
                  unit={`${unitOf(currency)}/kWh`}
                  inputMode="decimal"
                  {...control}
                  {...register("price")}
                />
              )}
            </Field>
          </div>
        </>
      )}

      {ahead && (
        <Field
          label={sells ? <Trans>Bond</Trans> : <Trans>Bond that you ask for at least</Trans>}
          hint={
            sells ? (
              <Trans>
                You pledge it from your escrow when somebody reserves. What your meter delivers
                comes back to you; for each kWh that is missing the buyer gets it.
              </Trans>
            ) : (
              <Trans>The seller pledges it and pays it to you for each kWh that is missing.</Trans>
            )
          }
          error={errors.bond?.message}
        >
          {(control) => (
            <Input
              unit={`${unitOf(currency)}/kWh`}
              inputMode="decimal"
              {...control}
              {...register("bond")}
            />
          )}
        </Field>
      )}

      <Audience form={form} side={side} neighbours={neighbours} />

      <details
        className="rounded-xl border border-line px-4 py-2"
        open={Boolean(errors.sources || errors.meter || errors.deadline) || undefined}
      >
        <summary className="min-h-8 py-1 text-sm font-semibold">
          <Trans>Source, meter, tie lines, how long it is valid</Trans>
        </summary>
        <div className="flex flex-col gap-4 py-3">
          <Ticks
            legend={sells ? <Trans>Source</Trans> : <Trans>Sources that are welcome</Trans>}
            field={register("sources")}
            options={SOURCES.map((source) => ({ value: source, label: sourceName(source) }))}
            error={errors.sources?.message}
          />
          <MeterField form={form} side={side} meters={beginning.meters} />
          <label className="flex min-h-8 items-center gap-2 text-sm">
            <input type="checkbox" {...register("crosses")} className="size-4 accent-(--leaf)" />
            {sells ? (
              <Trans>Neighbours beyond a tie line may buy it, too</Trans>
            ) : (
              <Trans>
                May come over a tie line: there your limit counts, not the community price
              </Trans>
            )}
          </label>
          {lock && !sells && (
            <label className="flex min-h-8 items-center gap-2 text-sm">
              <input type="checkbox" {...register("firm")} className="size-4 accent-(--leaf)" />
              <Trans>
                Firm: only the settler of your lock fills it, and you can't take it back until the
                lock ends. Without internet the community's relay takes no others.
              </Trans>
            </label>
          )}
          <Field
            label={<Trans>Valid until</Trans>}
            hint={
              ahead ? (
                <Trans>Left empty: until the last delivery slot begins.</Trans>
              ) : (
                <Trans>Left empty: until a day after the last delivery slot.</Trans>
              )
            }
            error={errors.deadline?.message}
          >
            {(control) => <Input type="datetime-local" {...control} {...register("deadline")} />}
          </Field>
        </div>
      </details>

      <Preview values={watch()} context={context} microgrid={microgrid} />
      {errors.root && (
        <p role="alert" className="rounded-xl bg-danger-soft p-3 text-sm font-medium text-danger">
          {errors.root.message}
        </p>
      )}
      <div className="flex flex-col gap-1">
        <Button type="submit" look={sells ? "sun" : "primary"} size="large" busy={isSubmitting}>
          <Signature aria-hidden="true" className="size-5" />
          {sells ? <Trans>Sign the offer</Trans> : <Trans>Sign the bid</Trans>}
        </Button>
        <p className="text-center text-sm text-muted">
          <Trans>A signature, no transaction, no gas.</Trans>
        </p>
      </div>
    </form>
  );
}

/** Asks for a signal that is aborted when the form goes away. */
function useClosing(): () => AbortSignal {
  const controller = useRef<AbortController>(undefined);
  useEffect(() => () => controller.current?.abort(), []);
  return () => {
    controller.current = new AbortController();
    return controller.current.signal;
  };
}

/** Says what holds while the microgrid is islanded. */
function IslandNotice({ microgrid }: { readonly microgrid: Microgrid }) {
  const time = useChainTime();
  const slot = time === undefined ? undefined : slotAt(time, microgrid.slotSeconds);
  if (slot === undefined || !isIslandedIn(microgrid, slot)) return null;
  const cap = pricesOf(microgrid, { firstSlot: slot, lastSlot: slot })?.cap ?? 0n;
  return (
    <Notice tone="warning">
      <Trans>
        The microgrid is islanded: energy of these delivery slots stays within it, nobody pays more
        than <Price perKwh={cap} />, and ordinary homes get their ration.
      </Trans>
    </Notice>
  );
}

/** A week has no fields of its own for time, energy and price: what is wrong with them is said below. */
function fieldOf({ field }: Fault, plan: OrderValues["plan"]) {
  const single = field === "until" || field === "energy" || field === "price";
  return single && plan === "week" ? "root" : field;
}
