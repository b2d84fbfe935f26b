import { gainMillis } from "@wattline/sdk/study";
import { expect } from "chai";
import { assumptionsIn } from "./usual.ts";
import type { ChosenFile, Gains, StudyJob, StudyMessage } from "./worker/messages.ts";
import { runStudy } from "./worker/runStudy.ts";

const TIME_ZONE = "Europe/Vienna";
/** A street that is computed soon. */
const SMALL = assumptionsIn({ neighbours: 2, roofs: 1 });

/** A file of quarter-hours from 1 March 2025, 00:00 in Vienna, with the clock of winter in every stamp. */
function fileOf(
  name: string,
  days: number,
  header: string,
  valuesAt: (hour: number, quarter: number) => readonly number[],
): ChosenFile {
  const rows = Array.from({ length: days * 96 }, (_, quarter) => {
    const at = new Date(Date.UTC(2025, 2, 1) + quarter * 900_000).toISOString().slice(0, 16);
    const values = valuesAt(Math.floor((quarter % 96) / 4), quarter).map((wh) => wh / 1000);
    return [`${at}+01:00`, ...values].join(",");
  });
  const text = [`start,${header}`, ...rows, ""].join("\n");
  return { file: new File([text], name, { lastModified: 1 }), answers: {}, decisions: {} };
}

const consumer = (name: string, days = 40) =>
  fileOf(name, days, "import (kWh)", (hour) => [hour >= 6 && hour < 22 ? 100 : 40]);
const prosumer = (name: string, days = 40) =>
  fileOf(name, days, "import (kWh),export (kWh)", (hour) =>
    hour >= 9 && hour < 16 ? [0, 300] : [50, 0],
  );

async function messagesOf(changes: Partial<StudyJob>): Promise<StudyMessage[]> {
  const messages: StudyMessage[] = [];
  const job = { own: "roof", friends: [], assumptions: SMALL, timeZone: TIME_ZONE };
  await runStudy({ ...job, ...changes } as StudyJob, new Map(), (message) =>
    messages.push(message),
  );
  return messages;
}

async function gainsOf(changes: Partial<StudyJob>): Promise<Gains> {
  const found = (await messagesOf(changes)).find((message) => message.kind === "gains");
  if (found === undefined) throw new Error("The study found nothing.");
  return found.gains;
}

describe("The study of a home", () => {
  it("trades with friends' homes what both files have, to the Wh", async () => {
    const { home, neighboursMillis, friendSlots, slots } = await gainsOf({
      own: [consumer("me.csv")],
      friends: [prosumer("friend.csv", 20)],
    });
    // On 20 of 40 days, 28 quarters of 100 Wh each, at 0.20 instead of 0.32 and 0.08.
    expect(home.total.boughtWh).to.equal(20n * 28n * 100n);
    expect(gainMillis(home.total)).to.equal(20n * 2_800n * 120_000n);
    expect(neighboursMillis).to.equal(20n * 2_800n * 120_000n);
    expect([friendSlots, slots]).to.deep.equal([20 * 96, 40 * 96]);
    expect(home.months.map(({ month }) => month)).to.deep.equal(["2025-03", "2025-04"]);
  });

  it("puts several files of one home together", async () => {
    const march = fileOf("in.csv", 10, "import (kWh)", (hour) => [hour < 12 ? 10 : 0]);
    const out = fileOf("out.csv", 10, "export (kWh)", (hour) => [hour < 12 ? 0 : 20]);
    const { home, coveredSlots } = await gainsOf({ own: [march, out] });
    expect([home.total.importedWh, home.total.exportedWh, coveredSlots]).to.deep.equal([
      10n * 48n * 10n,
      10n * 48n * 20n,
      960,
    ]);
  });

  it("counts missing slots, and nothing in them", async () => {
    const holed = fileOf("holed.csv", 10, "import (kWh)", (_, quarter) =>
      quarter === 100 ? [] : [10],
    );
    const text = (await holed.file.text()).split("\n");
    const cut = [...text.slice(0, 97), ...text.slice(193)].join("\n");
    const { coveredSlots, slots, home } = await gainsOf({
      own: [{ ...holed, file: new File([cut], "holed.csv") }],
    });
    expect([slots - coveredSlots, home.total.importedWh]).to.deep.equal([96, 9n * 96n * 10n]);
  });

  it("is of the last year of a longer file", async () => {
    const { slots } = await gainsOf({ own: [consumer("two years.csv", 500)] });
    expect(slots).to.equal(365 * 96);
  });

  it("asks what a file does not say, and goes on with the answer", async () => {
    const { file, ...chosen } = consumer("plain.csv");
    const text = (await file.text()).replaceAll("+01:00", "").replace("(kWh)", "");
    const own = { ...chosen, file: new File([text], "plain.csv") };
    const asked = (await messagesOf({ own: [own] })).find((message) => message.kind === "asked");
    const ids = asked?.asked.flatMap(({ questions }) => questions.map(({ id }) => id));
    expect(ids).to.have.members(["timeZone", "unit"]);
    const answers = { timeZone: "+01:00", unit: "kWh" };
    expect((await gainsOf({ own: [{ ...own, answers }] })).home.total.importedWh).to.equal(
      40n * (64n * 100n + 32n * 40n),
    );
  });

  it("asks what counts where times are there twice", async () => {
    const { file, ...chosen } = consumer("twice.csv", 5);
    const lines = (await file.text()).trim().split("\n");
    const twice = [...lines, lines.at(-1)?.replace(/,.*/, ",9"), ""].join("\n");
    const own = { ...chosen, file: new File([twice], "twice.csv") };
    const asked = (await messagesOf({ own: [own] })).find((message) => message.kind === "asked");
    expect(asked?.asked[0]?.questions[0]).to.deep.include({
      id: "overlaps",
      row: lines.length + 1,
    });
    const whole = 5n * (64n * 100n + 32n * 40n);
    for (const [overlaps, wh] of [
      ["keepFirst", whole],
      ["keepLast", whole - 40n + 9_000n],
    ] as const) {
      const { home } = await gainsOf({ own: [{ ...own, decisions: { overlaps } }] });
      expect(home.total.importedWh).to.equal(wh);
    }
  });

  it("names the file whose times are others, and files that contradict each other", async () => {
    const later = (await consumer("later.csv").file.text()).replaceAll("2025-", "2023-");
    const friend = { file: new File([later], "later.csv"), answers: {}, decisions: {} };
    const failure = async (changes: Partial<StudyJob>) =>
      messagesOf(changes).then(
        () => "nothing",
        (error: Error) => error.message,
      );
    expect(await failure({ own: [consumer("me.csv")], friends: [friend] })).to.match(
      /^later: "2023-.*expected times within yours: 2025-/,
    );
    const other = fileOf("other.csv", 40, "import (kWh)", () => [1]);
    expect(await failure({ own: [consumer("me.csv"), other] })).to.match(
      /^other.csv, column import/,
    );
  });

  it("finds the same for the same assumptions, and a range over streets that holds it", async () => {
    const [one, again] = [await messagesOf({}), await messagesOf({})];
    expect(one).to.deep.equal(again);
    const gains = one.find((message) => message.kind === "gains")?.gains;
    const range = one.find((message) => message.kind === "range")?.range;
    if (gains === undefined || range === undefined) throw new Error("Something is missing.");
    const gain = gainMillis(gains.home.total);
    expect(range.leastMillis <= gain && gain <= range.mostMillis).to.equal(true);
    expect(range.leastMillis < range.mostMillis).to.equal(true);
    expect(gains.home.months.length).to.equal(12);
  });

  it("with a battery draws less, and pays less to the utility alone", async () => {
    const { home, withBattery } = await gainsOf({});
    if (withBattery === undefined) throw new Error("There is no battery.");
    expect(withBattery.total.importedWh < home.total.importedWh).to.equal(true);
    expect(withBattery.total.aloneMillis < home.total.aloneMillis).to.equal(true);
    const none = await gainsOf({ assumptions: { ...SMALL, battery: undefined } });
    expect(none.withBattery).to.equal(undefined);
    expect((await gainsOf({ own: "noRoof" })).withBattery).to.equal(undefined);
  });
});
