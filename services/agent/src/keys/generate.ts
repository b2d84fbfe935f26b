import type { Curve } from "@wattline/sdk/deviceKeys";
import * as P256 from "ox/P256";
import * as Secp256k1 from "ox/Secp256k1";
import type { Hex } from "viem";

// In a file of its own because only `agent key` loads the curves' code.

/** A new private key, 32 bytes from the system's random numbers. */
export const generatePrivateKey = (curve: Curve): Hex =>
  (curve === "p256" ? P256 : Secp256k1).randomPrivateKey();
