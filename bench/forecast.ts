/**
 * `npm run bench:forecast -- --profiles FILE`: how wrong day-ahead forecasts of each home of a profiles file are, beside
 * persistence (the same slot a day earlier). At each midnight the next day is forecast from what was metered before. The first
 * two weeks are learned from and not counted. Errors are mean absolute errors of a home's import less its export, per slot.
 */
import { inColumns } from "@wattline/common/columns";
import { readFlags } from "@wattline/common/flags";
import { OptionsError } from "@wattline/common/options";
import { readProfilesFile } from "@wattline/community/profiles";
import { Forecaster } from "@wattline/sdk/forecast";

const LEARNING_DAYS = 14;
const CONFIDENCE = 0.8;

interface Score {
  slots: number;
  wrongWh: number;
  persistenceWh: number;
  /** Slots of which some export was sure, and those of them that exported it. */
  sureSlots: number;
  keptSlots: number;
  exportedWh: number;
  sureWh: number;
}

const nothing = (): Score => ({
  slots: 0,
  wrongWh: 0,
  persistenceWh: 0,
  sureSlots: 0,
  keptSlots: 0,
  exportedWh: 0,
  sureWh: 0,
});

function score(
  { exportedWh, importedWh }: { exportedWh: readonly bigint[]; importedWh: readonly bigint[] },
  firstSlot: number,
  slotSeconds: number,
): Score {
  const slotsPerDay = 86_400 / slotSeconds;
  const forecaster = new Forecaster(slotSeconds);
  const total = nothing();
  const metered = (index: number) => ({
    exported: exportedWh[index] ?? 0n,
    imported: importedWh[index] ?? 0n,
  });
  for (let start = 0; start + slotsPerDay <= exportedWh.length; start += slotsPerDay) {
    const range = { firstSlot: firstSlot + start, lastSlot: firstSlot + start + slotsPerDay - 1 };
    if (start >= LEARNING_DAYS * slotsPerDay) {
      for (const { slot, ...expected } of forecaster.forecast(range, CONFIDENCE)) {
        const [is, was] = [metered(slot - firstSlot), metered(slot - firstSlot - slotsPerDay)];
        const net = Number(is.imported - is.exported);
        total.slots += 1;
        total.wrongWh += Math.abs(net - Number(expected.importWh - expected.exportWh));
        total.persistenceWh += Math.abs(net - Number(was.imported - was.exported));
        total.exportedWh += Number(is.exported);
        total.sureWh += Number(expected.sureExportWh);
        if (expected.sureExportWh === 0n) continue;
        total.sureSlots += 1;
        if (is.exported >= expected.sureExportWh) total.keptSlots += 1;
      }
    }
    for (let index = start; index < start + slotsPerDay; index++) {
      const { exported, imported } = metered(index);
      forecaster.add({ slot: firstSlot + index, exportedWh: exported, importedWh: imported });
    }
  }
  return total;
}

function rowOf(name: string, total: Score): string[] {
  const { slots, wrongWh, persistenceWh, sureSlots, keptSlots, exportedWh, sureWh } = total;
  const percent = (part: number, of: number) => (of === 0 ? "" : ((100 * part) / of).toFixed(1));
  return [
    name,
    (wrongWh / slots).toFixed(1),
    (persistenceWh / slots).toFixed(1),
    percent(persistenceWh - wrongWh, persistenceWh),
    percent(sureWh, exportedWh),
    percent(keptSlots, sureSlots),
  ];
}

const {
  profiles,
  from = "2016-08-01",
  days = "364",
  help,
} = readFlags(process.argv.slice(2), {
  profiles: { type: "string" },
  from: { type: "string" },
  days: { type: "string" },
});
if (help || profiles === undefined) {
  console.log("npm run bench:forecast -- --profiles FILE [--from YYYY-MM-DD] [--days N]");
  if (!help) throw new OptionsError("--profiles names a CSV file of homes; see --help.");
} else {
  const { households, firstSlot, slotSeconds } = readProfilesFile(profiles, {
    from,
    days: Number(days),
  });
  const all = nothing();
  const rows = households.map((home) => {
    const own = score(home, firstSlot, slotSeconds);
    for (const key of Object.keys(all) as (keyof Score)[]) all[key] += own[key];
    return rowOf(home.name, own);
  });
  const head = [
    "home",
    "error Wh",
    "persistence Wh",
    "less %",
    "sure of export %",
    "sure slots kept %",
  ];
  for (const line of inColumns([head, ...rows, rowOf("all", all)])) console.log(line);
  console.log(
    `Slots of ${slotSeconds / 60} min, a day ahead; sure: ${CONFIDENCE * 100} % of the time.`,
  );
}
