import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { readLines } from "@wattline/common/lines";
import { PromiseBook } from "../../services/auctioneer/src/island/book.ts";
import { entriesIn } from "../../services/auctioneer/src/island/entries.ts";

/** What a file of the auctioneer's says was promised. */
export interface PromisesFile {
  readonly name: string;
  readonly book: PromiseBook;
}

/** All that was ever handed over and promised, as the auctioneer's files have it: a file for each outage. */
export function bookOfPromises(folder: string): PromisesFile[] {
  return readdirSync(folder)
    .filter((name) => /^promises-\d+\.log$/.test(name))
    .sort()
    .map((name) => {
      const book = new PromiseBook();
      const { texts } = readLines(readFileSync(path.join(folder, name)));
      for (const entry of texts.flatMap(entriesIn)) book.apply(entry);
      return { name, book };
    });
}
