/** Dashes that move along a way; an arrowhead shows the direction to whom nothing moves. */
export const Flow = ({ way, isMoving }: { readonly way: string; readonly isMoving: boolean }) => (
  <path
    d={way}
    fill="none"
    stroke="var(--sun-text)"
    strokeWidth="3"
    strokeDasharray="5 7"
    markerEnd="url(#map-arrow)"
    className={isMoving ? "map-flow" : undefined}
  />
);
