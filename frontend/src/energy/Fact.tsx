import type { ReactNode } from "react";

/** A line of a `<dl>` of two columns. */
export const Fact = ({
  term,
  children,
}: {
  readonly term: ReactNode;
  readonly children: ReactNode;
}) => (
  <>
    <dt className="text-muted">{term}</dt>
    <dd className="min-w-0 break-words">{children}</dd>
  </>
);

/** An address or a hash in full. */
export const FullHex = ({ children }: { readonly children: string }) => (
  <span className="font-mono text-[0.9em] break-all">{children}</span>
);
