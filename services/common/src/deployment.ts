import { readFileSync } from "node:fs";
import { type Address, getAddress } from "viem";
import * as z from "zod";
import { MendableError, reasonOf } from "./mendable.ts";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/)
  .transform((text): Address => getAddress(text));

/** Where Wattline's contracts are on a chain, as JSON. */
export const deploymentSchema = z.object({
  chainId: z.int().min(1),
  marketplace: address,
  microgrids: address,
  meters: address,
  energy: address,
  board: address,
  fromBlock: z.int().min(0),
});

/**
 * Reads a deployment, or the part of it that `schema` asks for.
 * @param Refusal The error for a file that is missing or no deployment.
 */
export function readDeployment<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  Refusal: new (message: string) => Error = MendableError,
): z.output<Schema> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new Refusal(`${file} can't be read (${reasonOf(error)}). ${WHENCE}`);
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : reasonOf(error);
    throw new Refusal(`${file} is no deployment (${reason}). ${WHENCE}`);
  }
}

const WHENCE = "It comes from your community: it says where the contracts are.";
