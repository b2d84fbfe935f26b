/** The logo: a sun behind a line that is a roof and a wave. */
export function Logo({ className }: { readonly className?: string }) {
  return (
    <svg viewBox="0 0 64 64" aria-hidden="true" className={className}>
      <rect width="64" height="64" rx="14" fill="#163d29" />
      <circle cx="32" cy="28" r="13" fill="#ffc736" />
      {[
        ["#163d29", 9],
        ["#8fe3ae", 4],
      ].map(([stroke, width]) => (
        <path
          key={stroke}
          d="M8 41 H21 L27 31 L34 50 L41 36 L45 41 H56"
          fill="none"
          stroke={String(stroke)}
          strokeWidth={width}
          strokeLinecap={width === 4 ? "round" : "butt"}
          strokeLinejoin="round"
        />
      ))}
    </svg>
  );
}
