import { Trans, useLingui } from "@lingui/react/macro";
import { FileUp, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Button, Card, cx } from "../ui/index.ts";
import type { Sample } from "./assumptions.ts";
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
        <FileDrop label={t`Your meter files`} files={own} onChange={onOwn}>
          <Trans>
            From your grid operator's portal, your meter or your inverter: CSV, Excel, XML, JSON or
            text. Several files of one home are put together.
          </Trans>
        </FileDrop>
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
          <FileDrop label={t`Meter files of friends`} files={friends} onChange={onFriends}>
            <Trans>
              Optional: one file for each home, of the same time. They take the place of the made-up
              street.
            </Trans>
          </FileDrop>
        )}
      </div>
    </Card>
  );
}

/** A field for files, which can also be dropped on it, and the files that were chosen. */
function FileDrop({
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
  const [isOver, setOver] = useState(false);
  const add = (list: FileList | null) => {
    const added = [...(list ?? [])].map((file) => ({ file, answers: {}, decisions: {} }));
    if (added.length > 0) onChange([...files, ...added]);
  };
  return (
    <div className="flex flex-col gap-2">
      <label
        className={cx(
          "flex cursor-pointer flex-col items-center gap-1 rounded-xl border-2 border-dashed px-3 py-4 text-center text-sm focus-within:outline-2 focus-within:outline-leaf",
          isOver ? "border-leaf bg-leaf-soft" : "border-control hover:bg-sunken",
        )}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          add(event.dataTransfer.files);
        }}
      >
        <FileUp aria-hidden="true" className="size-5 text-leaf" />
        <span className="font-semibold">{label}</span>
        <span className="text-muted">{children}</span>
        <input
          type="file"
          multiple
          className="sr-only"
          aria-label={label}
          onChange={({ target }) => {
            add(target.files);
            target.value = "";
          }}
        />
      </label>
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
