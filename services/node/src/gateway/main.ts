/** The gateway as a process; a node's supervisor sets its environment. */
import { deploymentSchema, readDeployment } from "@wattline/common/deployment";
import { MendableError } from "@wattline/common/mendable";
import { startGateway } from "./gateway.ts";

const { WATTLINE_RPC_URL, WATTLINE_DEPLOYMENT, WATTLINE_HOST, WATTLINE_PORT, WATTLINE_DATA } =
  process.env;

try {
  const gateway = await startGateway({
    rpcUrl: given("WATTLINE_RPC_URL", WATTLINE_RPC_URL),
    deployment: readDeployment(given("WATTLINE_DEPLOYMENT", WATTLINE_DEPLOYMENT), deploymentSchema),
    host: WATTLINE_HOST || "127.0.0.1",
    port: Number(given("WATTLINE_PORT", WATTLINE_PORT)),
    file: given("WATTLINE_DATA", WATTLINE_DATA),
  });
  console.log(`The gateway to the chain listens at ${gateway.url}.`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void gateway.stop().finally(() => process.exit(0)));
  }
} catch (error) {
  console.error(error instanceof MendableError ? error.message : error);
  process.exit(1);
}

function given(name: string, value: string | undefined): string {
  if (value !== undefined && value !== "") return value;
  throw new MendableError(`${name} is not set. npm run node sets it from node.toml.`);
}
