import { loadMessages } from "../../i18n/index.ts";
import { WaitingReadings } from "./WaitingReadings.tsx";

// The words come with what is said in them.
await loadMessages("energy");

/** The waiting readings of a household, on a page that is not of this folder. */
export default WaitingReadings;
