import { getConnInfo } from "@hono/node-server/conninfo";
import { type Listening, listen } from "@wattline/common/listen";
import { type Context, Hono } from "hono";
import { getCookie, setCookie } from "hono/cookie";
import { secureHeaders } from "hono/secure-headers";
import { exportJournal } from "../export.ts";
import { type Home, journalFolder } from "../home.ts";
import { createMetrics } from "../metrics.ts";
import type { Reporter } from "../reporting/reporter.ts";
import { type Handed, handedSchema } from "../trading/handed.ts";
import type { Trader } from "../trading/trader.ts";
import type { Pairing } from "./pairing.ts";
import { homeView, limitsPath, limitsView, pairView, stylesheet } from "./views.ts";

export interface PageOptions {
  readonly host: string;
  readonly port: number;
  readonly data: string;
  readonly homes: readonly Home[];
  readonly traders: readonly Trader[];
  readonly reporter: Pick<Reporter, "trouble" | "paying">;
  readonly pairing: Pairing;
  readonly handed: Handed;
  readonly now: () => number;
}

const COOKIE = "wattline-agent";
const YEAR_SECONDS = 365 * 86_400;
const LOOPBACK = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];

/** Serves the agent's own page, on the home's network. @throws MendableError when it can't listen there. */
export const startPage = (options: PageOptions): Promise<Listening> =>
  listen(createApp(options).fetch, options, { name: "The page", setting: "page.port" });

function createApp({ data, homes, traders, reporter, pairing, handed, now }: PageOptions): Hono {
  const app = new Hono();
  const metrics = createMetrics(homes, traders, reporter.paying);
  const isPaired = (context: Context): boolean => pairing.isPaired(getCookie(context, COOKIE));
  // A reverse proxy on this machine speaks for others.
  const isLocal = (context: Context): boolean =>
    context.req.header("x-forwarded-for") === undefined &&
    LOOPBACK.includes(getConnInfo(context).remote.address ?? "");

  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'none'"],
        styleSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
      },
      referrerPolicy: "no-referrer",
    }),
  );
  app.get("/style.css", (context) =>
    context.text(stylesheet(), 200, { "content-type": "text/css" }),
  );
  app.post("/pair", async (context) => {
    const { code, next } = await context.req.parseBody();
    const after = typeof next === "string" && next.startsWith("/limits?") ? next : "/";
    const token = pairing.pair(typeof code === "string" ? code : "");
    if (token === undefined) return context.html(pairView(true, after), 403);
    setCookie(context, COOKIE, token, {
      httpOnly: true,
      sameSite: "Strict",
      path: "/",
      maxAge: YEAR_SECONDS,
    });
    return context.redirect(after, 303);
  });
  // Comes from the dApp, so a browser sends no cookie along: it shows what the link says, and nothing of the home.
  app.get("/limits", (context) => {
    const limits = handedSchema.safeParse(context.req.query());
    return limits.success
      ? context.html(limitsView(context.req.query("home") ?? "", limits.data))
      : context.text("The link is damaged. Open it again from the dApp.", 400);
  });
  app.post("/limits", async (context) => {
    const body = await context.req.parseBody();
    const limits = handedSchema.safeParse(body);
    const trader = traders.find(({ home }) => home.config.name === body.home);
    if (!isPaired(context)) {
      const again = limits.success ? limitsPath(String(body.home), limits.data) : "/";
      return context.html(pairView(false, again), 401);
    }
    if (!limits.success) return context.text("The limits are no amounts.", 400);
    if (trader === undefined) {
      const text = `The agent trades for no home "${body.home}": add [homes.trading] to agent.toml.`;
      return context.text(text, 404);
    }
    handed.set(trader.home.config.name, limits.data);
    trader.hurry();
    return context.redirect("/", 303);
  });
  // Prometheus runs on the same machine, or is paired.
  app.get("/metrics", async (context) =>
    isLocal(context) || isPaired(context)
      ? context.text(await metrics.metrics(), 200, { "content-type": metrics.contentType })
      : context.text("Pair first.", 403),
  );
  app.use(async (context, next) => {
    if (!isPaired(context)) return context.html(pairView(false, "/"), 401);
    await next();
  });
  app.get("/", (context) => context.html(homeView(homes, traders, reporter.trouble, now())));
  app.get("/export.json", (context) => {
    const home = homes.find(({ config }) => config.name === context.req.query("home"));
    if (home === undefined) return context.text("There is no such home.", 404);
    return context.json(exportJournal(journalFolder(data, home.device.address), 0, Infinity));
  });
  return app;
}
