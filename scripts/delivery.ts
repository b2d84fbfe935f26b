/** `npm run delivery`: a household's delivery statement, from its signed import and the chain. */
import { runCommand } from "./statements/command.ts";
import { DELIVERY_USAGE, readDeliveryOptions, writeDelivery } from "./statements/delivery.ts";

await runCommand(async (signal) => {
  const command = readDeliveryOptions(process.argv.slice(2));
  return command === "help"
    ? { lines: [DELIVERY_USAGE], holds: true }
    : writeDelivery(command, signal);
}, "Stopped; nothing was written.");
