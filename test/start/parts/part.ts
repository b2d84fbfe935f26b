/**
 * A part for tests, as it is told: `node part.ts PORT [die|mute|stubborn|parent]`. It answers each request with its
 * process id.
 */
import { spawn } from "node:child_process";
import { createServer } from "node:http";

const [port = "0", habit] = process.argv.slice(2);

if (habit === "die") {
  console.error("I can't go on.");
  process.exit(3);
}
if (habit === "stubborn") for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => {});
const child =
  habit === "parent" ? spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]) : undefined;

let muted = habit === "mute";
createServer((request, response) => {
  if (request.url === "/mute") muted = true;
  response.statusCode = muted ? 503 : 200;
  response.end(JSON.stringify({ pid: process.pid, child: child?.pid }));
}).listen(Number(port), "127.0.0.1", () => console.log(`listening as ${habit ?? "usual"}`));
