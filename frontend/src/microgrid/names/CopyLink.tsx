import { useLingui } from "@lingui/react/macro";
import { useRouter } from "@tanstack/react-router";
import { Link2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "../../ui/index.ts";
import { notify } from "../../wallet/index.ts";
import type { Brought } from "./brought.ts";

/** An invitation has the words alone; its answer, for the operator's task, who agreed and the signature. */
interface Search extends Brought {
  readonly microgrid: number;
  readonly task?: "names";
}

/** A button that copies a link to the microgrid page, to be sent to somebody. */
export function CopyLink({
  search,
  hash,
  children,
}: {
  readonly search: Search;
  readonly hash: "operator" | "members";
  readonly children: ReactNode;
}) {
  const { t } = useLingui();
  const router = useRouter();
  const copy = () => {
    const { href } = router.buildLocation({ to: "/microgrid", search, hash });
    const link = new URL(href, window.location.origin).href;
    return navigator.clipboard.writeText(link).then(
      () => notify.done(t`The link is copied`),
      () => notify.failed(t`The link could not be copied`, { words: link }),
    );
  };
  return (
    <Button size="small" onClick={() => void copy()}>
      <Link2 aria-hidden="true" className="size-4" />
      {children}
    </Button>
  );
}
