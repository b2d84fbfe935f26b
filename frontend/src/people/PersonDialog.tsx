import { Trans, useLingui } from "@lingui/react/macro";
import { nameFault } from "@wattline/sdk";
import { type FormEvent, useState } from "react";
import type { Address } from "viem";
import { AddressText, Badge, Button, Dialog, Field, Input, shortAddress } from "../ui/index.ts";
import { nameForOneself, type Origin, useCalled } from "./names.ts";

/** Who an account is: its address in full, who has named it so, and one's own name for it. */
export default function PersonDialog({
  address,
  isMe,
  onClose,
}: {
  readonly address: Address;
  readonly isMe: boolean;
  onClose(): void;
}) {
  const { t } = useLingui();
  const called = useCalled()(address);
  const [name, setName] = useState(called?.origin === "own" ? called.name : "");
  const [isWrong, setIsWrong] = useState(false);
  const origins: Readonly<Record<Origin, string>> = {
    own: t`from your own address book`,
    directory: t`from the community's directory, signed by its operator`,
    ens: t`from the Ethereum Name Service`,
    demo: t`from this local chain's demo`,
  };
  function save(event: FormEvent): void {
    event.preventDefault();
    const trimmed = name.trim().normalize("NFC");
    if (trimmed !== "" && nameFault(trimmed) !== undefined) {
      setIsWrong(true);
      return;
    }
    nameForOneself(address, trimmed === "" ? undefined : trimmed);
    onClose();
  }
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && onClose()}
      title={called?.name ?? shortAddress(address)}
      description={called && origins[called.origin]}
    >
      <div className="flex flex-col gap-4">
        {isMe && (
          <p>
            <Badge tone="leaf">
              <Trans>This is you</Trans>
            </Badge>
          </p>
        )}
        {called?.street !== undefined && <p>{called.street}</p>}
        <div>
          <p className="text-sm font-semibold">
            <Trans>Address</Trans>
          </p>
          <p className="font-mono text-sm break-all">{address}</p>
          <AddressText address={address} className="text-sm text-muted" />
        </div>
        <form onSubmit={save} className="flex flex-col gap-3">
          <Field
            label={<Trans>Your own name for it</Trans>}
            hint={<Trans>Kept in this browser only. Leave it empty to use the others' name.</Trans>}
            error={
              isWrong && (
                <Trans>At most 40 characters, all of them visible, and not like an address.</Trans>
              )
            }
          >
            {(control) => (
              <Input
                {...control}
                value={name}
                autoComplete="off"
                onChange={({ target }) => {
                  setName(target.value);
                  setIsWrong(false);
                }}
              />
            )}
          </Field>
          <Button type="submit" look="primary">
            <Trans>Save the name</Trans>
          </Button>
        </form>
      </div>
    </Dialog>
  );
}
