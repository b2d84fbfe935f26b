import { type ReactNode, useEffect, useRef, useState } from "react";

/** From how far below the fold something is drawn: soon enough for a finger that flicks, and for the Tab key. */
const NEAR = "200px";

/** Draws its children when they come near the screen, and what takes their place until then. */
export function WhenNear({
  placeholder,
  children,
}: {
  readonly placeholder: ReactNode;
  readonly children: ReactNode;
}) {
  const [near, setNear] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (place.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => setNear((was) => was || entries.some(({ isIntersecting }) => isIntersecting)),
      { rootMargin: NEAR },
    );
    observer.observe(place.current);
    return () => observer.disconnect();
  }, []);
  return near ? children : <div ref={place}>{placeholder}</div>;
}
