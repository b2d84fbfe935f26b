import { type ReactNode, useEffect, useRef, useState } from "react";

/** The distance below the visible part at which children are rendered: early enough for fast scrolling and the Tab key. */
const NEAR = "200px";

/** Renders its children when they come near the visible part, and a placeholder until then. */
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
