import { useLingui } from "@lingui/react/macro";
import { useNavigate } from "@tanstack/react-router";
import { useMicrogrids } from "../chain/index.ts";
import { Select } from "../ui/index.ts";
import { useMicrogrid } from "./microgrid.ts";

/** Chooses the microgrid that the pages show; hidden when there is only one. */
export function MicrogridSelect() {
  const { t } = useLingui();
  const navigate = useNavigate();
  const { data = [] } = useMicrogrids();
  const { microgrid } = useMicrogrid();
  if (data.length < 2 || microgrid === undefined) return null;
  return (
    <Select
      aria-label={t`Microgrid`}
      className="max-w-40 min-w-0 flex-1 sm:flex-initial lg:w-36 xl:w-40"
      value={microgrid.microgrid}
      onChange={({ target }) =>
        void navigate({
          to: ".",
          search: (search) => ({ ...search, microgrid: Number(target.value) }),
        })
      }
    >
      {data.map(({ microgrid: number, name }) => (
        <option key={number} value={number}>
          {name}
        </option>
      ))}
    </Select>
  );
}
