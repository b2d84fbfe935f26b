import { decodeLog, type EventNamed, type RetirementRow, unpackProfile } from "@wattline/sdk";
import { type Client, type TransactionReceipt, TransactionReceiptNotFoundError } from "viem";
import { getBlock, getTransactionReceipt, readContract } from "viem/actions";
import { contractsIn, contractsOf, type Network, plainLog } from "../../chain/index.ts";
import { parseCertificateId } from "./id.ts";

/** A retirement as read from the chain. */
export interface Certificate extends RetirementRow {
  readonly network: Network;
  /** The event of the retirement. */
  readonly retired: EventNamed<"Retired">;
  readonly receipt: TransactionReceipt;
  readonly totalWh: bigint;
}

/** What is wrong with a certificate's link: it names nothing, no transaction that is known, or one that retired nothing. */
export type MissingPart = "name" | "transaction" | "retirement";

/** There is no such certificate. */
export class NoCertificateError extends Error {
  readonly missing: MissingPart;

  constructor(missing: MissingPart) {
    super(`There is no certificate: the link's ${missing} is wrong.`);
    this.missing = missing;
  }
}

/**
 * Finds a certificate on the first network that knows its transaction.
 * @param clientOf Gives the client of a network.
 * @throws NoCertificateError
 */
export async function findCertificate(
  id: string,
  networks: readonly Network[],
  clientOf: (network: Network) => Client,
): Promise<Certificate> {
  const wanted = parseCertificateId(id);
  if (wanted === undefined) {
    throw new NoCertificateError("name");
  }
  for (const network of networks) {
    const client = clientOf(network);
    const receipt = await getTransactionReceipt(client, { hash: wanted.hash }).catch(
      (error: unknown) => {
        if (error instanceof TransactionReceiptNotFoundError) return undefined;
        throw error;
      },
    );
    if (receipt !== undefined) return readCertificate(client, network, receipt, wanted.logIndex);
  }
  throw new NoCertificateError("transaction");
}

async function readCertificate(
  client: Client,
  network: Network,
  receipt: TransactionReceipt,
  logIndex: number,
): Promise<Certificate> {
  const log = receipt.logs.find((one) => one.logIndex === logIndex);
  const event = log && decodeLog(contractsIn({ network }), plainLog(log));
  if (event?.eventName !== "Retired") {
    throw new NoCertificateError("retirement");
  }
  const { microgrid, source, firstBlock, energy, holder, beneficiary, purpose } = event.args;
  const [{ timestamp }, { charter }] = await Promise.all([
    getBlock(client, { blockNumber: receipt.blockNumber }),
    readContract(client, {
      ...contractsOf(network).microgrids,
      functionName: "microgridOf",
      args: [microgrid],
    }),
  ]);
  const energyWh = [...unpackProfile({ firstBlock, words: energy })];
  return {
    kind: "retirement",
    network,
    retired: event,
    receipt,
    block: Number(receipt.blockNumber),
    time: Number(timestamp),
    transaction: receipt.transactionHash,
    logIndex,
    holder,
    beneficiary,
    purpose,
    microgrid,
    microgridName: charter.name,
    latitudeTenths: charter.latitudeTenths,
    longitudeTenths: charter.longitudeTenths,
    source,
    slotSeconds: charter.slotSeconds,
    energyWh,
    totalWh: energyWh.reduce((sum, [, wh]) => sum + wh, 0n),
  };
}
