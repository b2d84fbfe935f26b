import { type ReactNode, useState } from "react";
import type { TransactionReceipt } from "viem";
import type { Call } from "../../chain/index.ts";
import { Button, type ButtonProps } from "../../ui/index.ts";
import { useTransact } from "../../wallet/index.ts";

/** A button that sends a call, and shows why the contract refuses it. */
export function CallButton({
  label,
  title,
  call,
  onDone,
  look = "primary",
}: {
  readonly label: ReactNode;
  /** What the call does, in words. */
  readonly title: string;
  /** Undefined when the form is incomplete: the button is then disabled, and the form says why. */
  call(): Call | undefined;
  onDone?(receipts: readonly TransactionReceipt[]): void;
  readonly look?: NonNullable<ButtonProps["look"]>;
}) {
  const { transact, busy } = useTransact();
  const [reason, setReason] = useState<string>();
  const made = call();
  const send = async () => {
    if (made === undefined) return;
    setReason(undefined);
    const outcome = await transact({ title, calls: [made] });
    if (outcome.status === "failed") setReason(outcome.reason);
    if (outcome.status === "done") onDone?.(outcome.receipts);
  };
  return (
    <div className="flex flex-col items-start gap-2">
      <Button look={look} busy={busy} disabled={made === undefined} onClick={() => void send()}>
        {label}
      </Button>
      {reason && (
        <p role="alert" className="text-sm font-medium text-danger">
          {reason}
        </p>
      )}
    </div>
  );
}
