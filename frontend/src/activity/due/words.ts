import { plural, t } from "@lingui/core/macro";
import { formatEnergy } from "../../ui/index.ts";
import { energyOf } from "../forwards/energy.ts";
import type { Due } from "./useDue.ts";

/** What waits, a sentence for each kind, with a key that changes when more comes. */
export function dueWords({ readings, releases, overdue, proposals, roles }: Due) {
  const words: { readonly key: string; readonly sentence: string }[] = [];
  if (readings.length > 0) {
    const energy = formatEnergy(readings.reduce((sum, one) => sum + one.exportedWh, 0n));
    const key = `readings ${readings.map(({ signature }) => signature.slice(0, 10)).join()}`;
    words.push({ key, sentence: t`${energy} from your meters waits to be minted` });
  }
  if (releases.length > 0) {
    const [energy, count] = [energyOf(releases), releases.length];
    const sentence = plural(count, {
      one: `A forward of ${energy} is delivered and can be released`,
      other: `# forwards of ${energy} are delivered and can be released`,
    });
    words.push({ key: `releases ${idsOf(releases)}`, sentence });
  }
  if (overdue.length > 0) {
    const [energy, count] = [energyOf(overdue), overdue.length];
    const sentence = plural(count, {
      one: `The reading of a forward of ${energy} is overdue`,
      other: `The readings of # forwards of ${energy} are overdue`,
    });
    words.push({ key: `overdue ${idsOf(overdue)}`, sentence });
  }
  for (const { proposal, microgrid } of proposals) {
    const { name } = microgrid;
    const key = `proposal ${proposal.lower}-${proposal.higher} ${proposal.by}`;
    words.push({ key, sentence: t`A tie line to ${name} is proposed to you` });
  }
  for (const { microgrid, name } of roles) {
    words.push({ key: `role ${microgrid}`, sentence: t`${name} is handed over to you` });
  }
  return words;
}

const idsOf = (forwards: Due["releases"]): string =>
  forwards.map(({ positionId, block }) => `${positionId.slice(0, 10)}.${block.block}`).join();
