import { type ComponentProps, type ReactNode, useId } from "react";
import { cx } from "./cx.ts";

interface FieldProps {
  readonly label: ReactNode;
  readonly hint?: ReactNode;
  /** What is wrong with the value. */
  readonly error?: ReactNode;
  readonly className?: string;
  /** Renders the control with the attributes that connect label, hint and error to it. */
  children(control: {
    readonly id: string;
    readonly "aria-describedby": string | undefined;
    readonly "aria-invalid": boolean | undefined;
  }): ReactNode;
}

/** A form's control with its label, hint and error. */
export function Field({ label, hint, error, className, children }: FieldProps) {
  const id = useId();
  const [hintId, errorId] = [`${id}hint`, `${id}error`];
  const described = [hint && hintId, error && errorId].filter(Boolean).join(" ");
  return (
    <div className={cx("flex flex-col gap-1", className)}>
      <label htmlFor={id} className="text-sm font-semibold">
        {label}
      </label>
      {children({
        id,
        "aria-describedby": described || undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {hint && (
        <p id={hintId} className="text-sm text-muted">
          {hint}
        </p>
      )}
      {error && (
        <p id={errorId} role="alert" className="text-sm font-medium text-danger">
          {error}
        </p>
      )}
    </div>
  );
}

/** A text field; `unit` is shown at its end. */
export function Input({
  unit,
  className,
  ...rest
}: ComponentProps<"input"> & { readonly unit?: ReactNode }) {
  return (
    <span className={cx("relative flex", className)}>
      <input
        {...rest}
        className={cx(
          "min-h-11 w-full rounded-xl border border-control bg-surface px-3 text-ink tabular-nums aria-invalid:border-danger",
          unit !== undefined && "pr-20",
        )}
      />
      {unit !== undefined && (
        <span className="pointer-events-none absolute inset-y-0 right-3 flex items-center text-sm text-muted">
          {unit}
        </span>
      )}
    </span>
  );
}

/** A field for what is written in hexadecimal, as addresses, keys and hashes are: in even letters, and as it was pasted. */
export function HexInput({ className, onChange, ...rest }: ComponentProps<"input">) {
  return (
    <Input
      placeholder="0x…"
      autoComplete="off"
      autoCorrect="off"
      autoCapitalize="none"
      spellCheck={false}
      {...rest}
      className={cx("font-mono text-sm", className)}
      onChange={(event) => {
        // What is copied from elsewhere often brings a space or a line's end along.
        event.target.value = event.target.value.trim();
        onChange?.(event);
      }}
    />
  );
}
