import type { HistoryEvent } from "../../history/events.ts";
import { modeAt } from "../../modes.ts";
import { type AuditContext, expect } from "../context.ts";
import { credit, debit } from "../ledger.ts";
import { accountIn, allowanceKey, lineKey, moneyIn, within } from "../state.ts";

const SECONDS_PER_DAY = 86_400;

/** Records an event that is a whole act: microgrids, meters, deposits and withdrawals, cancellations and allowances. */
export function judgePlain(context: AuditContext, event: HistoryEvent): void {
  const { state, time } = context;
  switch (event.eventName) {
    case "Founded": {
      const { microgrid, charter, tariffs, dso } = event.args;
      const { name, currency, slotSeconds, reportingDeadline } = charter;
      const { latitudeTenths, longitudeTenths } = charter;
      const place = { latitudeTenths, longitudeTenths };
      state.microgrids.set(microgrid, {
        ...{ name, currency, slotSeconds, reportingDeadline, ...place, dso, mode: "Connected" },
        ...tariffs,
      });
      return;
    }
    case "TariffsSet":
      change(event.args.microgrid, event.args.tariffs);
      return;
    case "DsoSet":
      change(event.args.microgrid, { dso: event.args.dso });
      return;
    case "ModeSet":
      change(event.args.microgrid, { mode: modeAt(event.args.mode) });
      return;
    case "TieLineAgreed": {
      const { lower, higher, line, effectiveAt } = event.args;
      const key = lineKey(lower, higher);
      const known = state.lines.get(key);
      if (known === undefined) {
        state.lines.set(key, { current: line, effectiveAt: 0 });
        return;
      }
      const { current, next } = known;
      const inForce = next !== undefined && known.effectiveAt <= time ? next : current;
      state.lines.set(key, { current: inForce, next: line, effectiveAt });
      return;
    }
    case "MeterRegistered": {
      const { meter, microgrid, owner, source, capacityW, critical } = event.args;
      const sinceDay = Math.floor(time / SECONDS_PER_DAY);
      const terms = { owner, microgrid, source, capacityW, critical, sinceDay, active: true };
      state.meters.set(meter, terms);
      return;
    }
    case "MeterHandedOver": {
      const meter = state.meters.get(event.args.meter);
      if (meter !== undefined) meter.owner = event.args.to;
      return;
    }
    case "MeterRetired": {
      const meter = state.meters.get(event.args.meter);
      if (meter !== undefined) meter.active = false;
      return;
    }
    case "Deposited": {
      const { currency, holder, amount } = event.args;
      credit(context, currency, holder, amount);
      moneyIn(state, currency).held += amount;
      return;
    }
    case "Withdrawn": {
      const { currency, holder, amount } = event.args;
      const { lockedUntil } = accountIn(state, currency, holder);
      expect(context, "lock", time >= lockedUntil, "withdrew-locked", {
        holder,
        amount,
        lockedUntil,
      });
      debit(context, currency, holder, amount);
      moneyIn(state, currency).held -= amount;
      return;
    }
    case "Locked": {
      const { currency, holder, until } = event.args;
      accountIn(state, currency, holder).lockedUntil = Number(until);
      return;
    }
    case "AllCancelled": {
      const { currency, holder, counter } = event.args;
      accountIn(state, currency, holder).counter = counter;
      return;
    }
    case "Cancelled": {
      const { maker, nonce } = event.args;
      const fills = within(state.fills, maker);
      const key = (nonce / 8n).toString();
      fills.set(key, (fills.get(key) ?? 0n) | (0x80000000n << (32n * (nonce % 8n))));
      return;
    }
    case "Authorized": {
      const { maker, currency, delegate, allowance } = event.args;
      setAllowance(context, allowanceKey(maker, currency, delegate), allowance);
      return;
    }
  }

  function change(microgrid: number, what: object): void {
    const known = state.microgrids.get(microgrid);
    if (known !== undefined) Object.assign(known, what);
  }
}

/** Sets a delegate's remaining allowance. */
export function setAllowance({ state }: AuditContext, key: string, allowance: bigint): void {
  if (allowance === 0n) state.allowances.delete(key);
  else state.allowances.set(key, allowance);
}
