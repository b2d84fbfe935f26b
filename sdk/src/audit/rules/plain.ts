import { zeroAddress } from "viem";
import type { HistoryEvent } from "../../history/events.ts";
import { millisOf } from "../../money.ts";
import { type AuditContext, expect } from "../context.ts";
import { credit, debit } from "../ledger.ts";
import {
  accountIn,
  allowanceKey,
  communitiesIn,
  type MeterState,
  moneyIn,
  within,
} from "../state.ts";

/** Records an event that is a whole act: microgrids, meters, deposits and withdrawals, cancellations and allowances. */
export function judgePlain(context: AuditContext, event: HistoryEvent): void {
  const { state, time } = context;
  communitiesIn(state).add(event, time);
  switch (event.eventName) {
    case "MeterRegistered": {
      const { meter, ...terms } = event.args;
      state.meters.set(meter, {
        ...terms,
        ...{ active: true, pendingOwner: zeroAddress, movingTo: 0 },
        ...{ promisedEnd: 0, retiredSlot: 0, offers: state.meters.get(meter)?.offers ?? 0 },
      });
      return;
    }
    case "MeterOffered": {
      const { meter, to, offer } = event.args;
      change(meter, { pendingOwner: to, offers: offer });
      return;
    }
    case "MeterHandedOver": {
      const { meter, to } = event.args;
      change(meter, { owner: to, pendingOwner: zeroAddress, movingTo: 0 });
      return;
    }
    case "MeterMoving":
      change(event.args.meter, { movingTo: event.args.microgrid });
      return;
    case "MeterRetired":
      change(event.args.meter, { active: false, retiredSlot: event.args.retiredSlot });
      return;
    case "CriticalSet":
      change(event.args.meter, { critical: event.args.critical });
      return;
    case "Deposited": {
      const { currency, holder, amount } = event.args;
      credit(context, currency, holder, millisOf(amount));
      moneyIn(state, currency).heldMillis += millisOf(amount);
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
      debit(context, currency, holder, millisOf(amount));
      moneyIn(state, currency).heldMillis -= millisOf(amount);
      return;
    }
    case "Locked": {
      const { currency, holder, settler, signer, until } = event.args;
      const account = accountIn(state, currency, holder);
      const isBinding = time < account.lockedUntil;
      const isKept =
        !isBinding ||
        (until > account.lockedUntil && settler === account.settler && signer === account.signer);
      expect(context, "lock", isKept, "lock-changed", { holder, until });
      Object.assign(account, { lockedUntil: until, settler, signer });
      return;
    }
    case "AllCancelled": {
      const { currency, holder, counter } = event.args;
      accountIn(state, currency, holder).counter = counter;
      return;
    }
    case "Cancelled": {
      // Firm orders can't be cancelled.
      const { maker, nonce } = event.args;
      const fills = within(state.fills, maker);
      const key = (nonce / 8n).toString();
      fills.set(key, (fills.get(key) ?? 0n) | (0x80000000n << (32n * (nonce % 8n))));
      return;
    }
    case "Authorized": {
      const { maker, currency, delegate, amount, until } = event.args;
      state.allowances.set(allowanceKey(maker, currency, delegate), {
        amountMillis: millisOf(amount),
        untilSeconds: until,
      });
      return;
    }
  }

  function change(meter: MeterAddress, what: Partial<MeterState>): void {
    const known = state.meters.get(meter);
    if (known !== undefined) Object.assign(known, what);
  }
}

type MeterAddress = `0x${string}`;
