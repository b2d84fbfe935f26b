import { FileUp } from "lucide-react";
import { type ReactNode, useState } from "react";
import { cx } from "./cx.ts";

/** A field for files, which can also be dropped on it. */
export function FileDrop({
  label,
  multiple = false,
  onFiles,
  children,
}: {
  readonly label: string;
  readonly multiple?: boolean;
  /** Told of at least one file. */
  onFiles(files: readonly File[]): void;
  readonly children: ReactNode;
}) {
  const [isOver, setOver] = useState(false);
  const take = (list: FileList | null) => {
    const files = [...(list ?? [])].slice(0, multiple ? undefined : 1);
    if (files.length > 0) onFiles(files);
  };
  return (
    <label
      className={cx(
        "flex cursor-pointer flex-col items-center gap-1 rounded-xl border-2 border-dashed px-3 py-4 text-center text-sm focus-within:outline-2 focus-within:outline-leaf print:hidden",
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
        take(event.dataTransfer.files);
      }}
    >
      <FileUp aria-hidden="true" className="size-5 text-leaf" />
      <span className="font-semibold">{label}</span>
      <span className="text-muted">{children}</span>
      <input
        type="file"
        multiple={multiple}
        className="sr-only"
        aria-label={label}
        onChange={({ target }) => {
          take(target.files);
          target.value = "";
        }}
      />
    </label>
  );
}
