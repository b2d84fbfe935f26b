import { connect as connectTcp } from "node:net";
import type { TcpMeterConfig } from "../config/schema.ts";
import { samplesOfP1 } from "./p1.ts";
import { reconnecting } from "./retry.ts";
import type { MeterSource, SourceContext } from "./source.ts";

/** A gateway sends a telegram every ten seconds at least; a connection that is silent for longer is dead. */
const SILENCE_MS = 60_000;

/** A P1 port behind TCP: ser2net, or a gateway. */
export function tcpSource({ host, port }: TcpMeterConfig, context: SourceContext): MeterSource {
  const connect = async function* (signal: AbortSignal) {
    const socket = connectTcp({ host, port, timeout: SILENCE_MS });
    socket.on("timeout", () =>
      socket.destroy(new Error(`nothing has come for ${SILENCE_MS / 1000} s`)),
    );
    const close = () => socket.destroy();
    signal.addEventListener("abort", close);
    try {
      yield* samplesOfP1(socket, context);
    } finally {
      signal.removeEventListener("abort", close);
      socket.destroy();
    }
  };
  return {
    samples: (signal) => reconnecting(`${host}:${port}`, () => connect(signal), context, signal),
  };
}
