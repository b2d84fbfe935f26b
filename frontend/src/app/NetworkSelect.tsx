import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useNetworks } from "../chain/index.ts";
import { Select } from "../ui/index.ts";

/** Chooses the network that the app shows; hidden when there is only one. */
export function NetworkSelect({ className }: { readonly className: string }) {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { network, networks, choose } = useNetworks();
  if (networks.length < 2) return null;
  return (
    <Select
      aria-label={t`Network`}
      className={className}
      value={network.deployment.chainId}
      onChange={({ target }) => {
        choose(Number(target.value));
        // The microgrid and the day in the URL belong to the previous network.
        void navigate({ to: ".", search: {} });
      }}
    >
      {networks.map(({ name, deployment: { chainId } }) => (
        <option key={chainId} value={chainId}>
          {name}
        </option>
      ))}
    </Select>
  );
}
