import { useLingui } from "@lingui/react/macro";
import { encode } from "uqr";

/** Light around a code, in modules: what readers need at least (ISO/IEC 18004). */
const QUIET = 4;

/** The link of this page as a QR code: dark on light in every theme, since not all readers take the inverse. */
export function LinkCode() {
  const { t } = useLingui();
  const { data, size } = encode(window.location.href, { ecc: "M", border: QUIET });
  const dark = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return (
    <svg
      role="img"
      aria-label={t`QR code of the link to this certificate`}
      viewBox={`0 0 ${size} ${size}`}
      shapeRendering="crispEdges"
      className="size-36 shrink-0 rounded-lg bg-white"
    >
      <path d={dark.join("")} fill="black" />
    </svg>
  );
}
