import type { ReactNode } from "react";
import type { UseFormRegisterReturn } from "react-hook-form";

/** One of two or three: radio buttons that look like one switch. */
export function Choice({
  label,
  options,
  field,
}: {
  readonly label: ReactNode;
  readonly options: readonly { readonly value: string; readonly label: ReactNode }[];
  readonly field: UseFormRegisterReturn;
}) {
  return (
    <fieldset>
      <legend className="sr-only">{label}</legend>
      <div className="grid auto-cols-fr grid-flow-col gap-1 rounded-xl bg-sunken p-1">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex min-h-10 cursor-pointer items-center justify-center rounded-lg px-2 text-center text-sm font-semibold text-muted has-checked:bg-surface has-checked:text-ink has-checked:shadow-card has-focus-visible:outline-3 has-focus-visible:outline-(--focus)"
          >
            <input type="radio" value={option.value} {...field} className="sr-only" />
            {option.label}
          </label>
        ))}
      </div>
    </fieldset>
  );
}

/** Several of many: boxes to tick. */
export function Ticks({
  legend,
  options,
  field,
  error,
}: {
  readonly legend: ReactNode;
  readonly options: readonly { readonly value: string; readonly label: ReactNode }[];
  readonly field: UseFormRegisterReturn;
  readonly error?: string | undefined;
}) {
  return (
    <fieldset className="flex flex-col gap-1">
      <legend className="mb-1 text-sm font-semibold">{legend}</legend>
      <div className="flex flex-wrap gap-x-4 gap-y-1">
        {options.map(({ value, label }) => (
          <label key={value} className="flex min-h-8 items-center gap-2 text-sm">
            <input type="checkbox" value={value} {...field} className="size-4 accent-(--leaf)" />
            {label}
          </label>
        ))}
      </div>
      {error && (
        <p role="alert" className="text-sm font-medium text-danger">
          {error}
        </p>
      )}
    </fieldset>
  );
}
