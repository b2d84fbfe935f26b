/** The gateway as a process; a node's supervisor sets its environment. */
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { lastWordsOf, openLog } from "@wattline/common/log";
import { MendableError } from "@wattline/common/mendable";
import { startGateway } from "./gateway.ts";

const { WATTLINE_RPC_URL, WATTLINE_DEPLOYMENT, WATTLINE_HOST, WATTLINE_PORT, WATTLINE_DATA } =
  process.env;

const log = openLog("gateway");
try {
  const gateway = await startGateway({
    rpcUrl: given("WATTLINE_RPC_URL", WATTLINE_RPC_URL),
    deployment: readDeployment(given("WATTLINE_DEPLOYMENT", WATTLINE_DEPLOYMENT), deploymentSchema),
    host: WATTLINE_HOST || "127.0.0.1",
    port: Number(given("WATTLINE_PORT", WATTLINE_PORT)),
    file: given("WATTLINE_DATA", WATTLINE_DATA),
  });
  log(`The gateway to the chain listens at ${gateway.url}.`, { url: gateway.url });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void gateway.stop().finally(() => process.exit(0)));
  }
} catch (error) {
  log(lastWordsOf(error, error instanceof MendableError), { level: "error" });
  process.exit(1);
}

function given(name: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new MendableError(`${name} is not set. npm run node sets it from node.toml.`);
}
