import { Trans, useLingui } from "@lingui/react/macro";
import { Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { Button, Card, FileDrop } from "../ui/index.ts";
import type { Sample } from "./samples.ts";
import type { ChosenFile } from "./worker/messages.ts";

/** One's own home, from files or a sample, and the files of friends. */
export function HomeCard({
  own,
  friends,
  sample,
  onOwn,
  onFriends,
  onSample,
}: {
  readonly own: readonly ChosenFile[];
  readonly friends: readonly ChosenFile[];
  readonly sample: Sample | undefined;
  onOwn(files: readonly ChosenFile[]): void;
  onFriends(files: readonly ChosenFile[]): void;
  onSample(sample: Sample): void;
}) {
  const { t } = useLingui();
  return (
    <Card title={<Trans>Your home</Trans>}>
      <div className="flex flex-col gap-3">
        <ChosenFiles label={t`Your meter files`} files={own} onChange={onOwn}>
          <Trans>
            From your grid operator's portal, your meter or your inverter: CSV, Excel, XML, JSON or
            text. Several files of one home are put together.
          </Trans>
        </ChosenFiles>
        <fieldset className="flex flex-wrap gap-2">
          <legend className="mb-1 text-sm font-semibold">
            <Trans>Or a sample home</Trans>
          </legend>
          <Button
            size="small"
            aria-pressed={sample === "roof"}
            look={sample === "roof" ? "primary" : "secondary"}
            onClick={() => onSample("roof")}
          >
            <Trans>With solar panels</Trans>
          </Button>
          <Button
            size="small"
            aria-pressed={sample === "noRoof"}
            look={sample === "noRoof" ? "primary" : "secondary"}
            onClick={() => onSample("noRoof")}
          >
            <Trans>Without</Trans>
          </Button>
        </fieldset>
        {own.length > 0 && (
          <ChosenFiles label={t`Meter files of friends`} files={friends} onChange={onFriends}>
            <Trans>
              Optional: one file for each home, of the same time. They take the place of the made-up
              street.
            </Trans>
          </ChosenFiles>
        )}
      </div>
    </Card>
  );
}

/** A field for files, and the files that were chosen. */
function ChosenFiles({
  label,
  files,
  onChange,
  children,
}: {
  readonly label: string;
  readonly files: readonly ChosenFile[];
  onChange(files: readonly ChosenFile[]): void;
  readonly children: ReactNode;
}) {
  const { t } = useLingui();
  return (
    <div className="flex flex-col gap-2">
      <FileDrop
        label={label}
        multiple
        onFiles={(added) =>
          onChange([...files, ...added.map((file) => ({ file, answers: {}, decisions: {} }))])
        }
      >
        {children}
      </FileDrop>
      {files.length > 0 && (
        <ul aria-label={label} className="flex flex-col gap-1 text-sm">
          {files.map((chosen, index) => {
            const { name } = chosen.file;
            return (
              // biome-ignore lint/suspicious/noArrayIndexKey: two files may have one name.
              <li key={index} className="flex items-center gap-2">
                <span className="min-w-0 flex-1 truncate">{name}</span>
                <Button
                  look="ghost"
                  size="icon"
                  aria-label={t`Remove ${name}`}
                  onClick={() => onChange(files.filter((each) => each !== chosen))}
                >
                  <Trash2 aria-hidden="true" className="size-4" />
                </Button>
              </li>
            );
          })}
        </ul>
      )}
    </div>
  );
}
