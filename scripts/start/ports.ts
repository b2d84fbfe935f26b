import { once } from "node:events";
import { createServer } from "node:net";

/** All parts of the stack listen on the loopback interface only. */
export const HOST = "127.0.0.1";

/** A port that a part needs is taken. */
export class PortError extends Error {}

/**
 * Checks that ports are free.
 * @param ports Port by the name of the part that needs it.
 * @throws PortError that names every taken port, the part that needs it, and what to do.
 */
export async function requireFree(ports: Readonly<Record<string, number>>): Promise<void> {
  const taken: string[] = [];
  for (const [part, port] of Object.entries(ports)) {
    if (await isTaken(port)) {
      taken.push(
        `Port ${port} on ${HOST}, which the ${part} needs, is taken: stop what runs there (another npm start?) or choose another one with --port-${part}.`,
      );
    }
  }
  if (taken.length > 0) throw new PortError(taken.join("\n"));
}

async function isTaken(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, "listening");
    return false;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return true;
    throw error;
  } finally {
    server.close();
  }
}
