import type { ComponentProps } from "react";
import { cx } from "./cx.ts";

const LOOKS = {
  primary: "bg-leaf text-leaf-ink hover:brightness-110",
  sun: "bg-sun text-sun-ink hover:brightness-105",
  secondary: "border border-control bg-surface text-ink hover:bg-sunken",
  ghost: "text-ink hover:bg-sunken",
  danger: "border border-danger text-danger hover:bg-danger-soft",
} as const;

const SIZES = {
  small: "min-h-8 gap-1.5 rounded-lg px-2.5 text-sm",
  normal: "min-h-10 gap-2 rounded-xl px-4 text-sm",
  large: "min-h-12 gap-2 rounded-xl px-5 text-base",
  icon: "size-10 justify-center rounded-xl",
} as const;

export type ButtonProps = ComponentProps<"button"> & {
  readonly look?: keyof typeof LOOKS;
  readonly size?: keyof typeof SIZES;
  /** Shows that work is under way, and ignores further clicks. */
  readonly busy?: boolean;
};

/** The class names of a button, for a link that looks like one. */
export const buttonClass = (
  look: keyof typeof LOOKS = "secondary",
  size: keyof typeof SIZES = "normal",
): string =>
  cx(
    "inline-flex items-center justify-center font-semibold whitespace-nowrap transition-colors",
    "disabled:opacity-60 aria-disabled:opacity-60",
    LOOKS[look],
    SIZES[size],
  );

export function Button({
  look,
  size,
  busy = false,
  className,
  children,
  onClick,
  ...rest
}: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      aria-busy={busy || undefined}
      aria-disabled={busy || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
      className={cx(buttonClass(look, size), className)}
    >
      {busy && <Spinner />}
      {children}
    </button>
  );
}

export function Spinner({ className }: { readonly className?: string }) {
  return (
    <span
      aria-hidden="true"
      className={cx(
        "inline-block size-4 animate-spin rounded-full border-2 border-current border-r-transparent",
        className,
      )}
    />
  );
}
