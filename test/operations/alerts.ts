/** The rules of `deploy/alerts.yml`, as Prometheus reads them. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import * as z from "zod";
import { ROOT } from "../../scripts/testing/groups.ts";

/** A length of time in Prometheus' words. */
const duration = z.string().regex(/^(\d+(ms|[smhdwy]))+$/);

/** https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules: other keys are refused there, too. */
const rulesSchema = z.strictObject({
  groups: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        interval: duration.optional(),
        rules: z
          .array(
            z.strictObject({
              alert: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/),
              expr: z.string().min(1),
              for: duration.optional(),
              labels: z.record(z.string(), z.string()),
              annotations: z.strictObject({
                summary: z.string().regex(/\.$/),
                do: z.string().regex(/\.$/),
                page: z.string().min(1),
              }),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

export const readAlerts = () =>
  rulesSchema
    .parse(parse(readFileSync(path.join(ROOT, "deploy/alerts.yml"), "utf8")))
    .groups.flatMap(({ rules }) => rules);

/** Words of PromQL that the rules use. */
const PROMQL = new Set(["and", "or", "time", "increase", "max", "scalar"]);

/** The metrics that an expression asks for. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}|\[[^\]]*\]|\b\d+(\.\d+)?(e\d+)?\b/g, " ");
  const words = bare.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/g) ?? [];
  return [...new Set(words)].filter((word) => !PROMQL.has(word));
}

/** The values of what a service serves, by metric; a metric without a sample has none. */
export function metricsOf(text: string): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const line of text.split("\n")) {
    const [, declared] = /^# TYPE (\S+) \S+$/.exec(line) ?? [];
    if (declared !== undefined) found.set(declared, []);
    const [, name, value] = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
    if (name !== undefined) found.set(name, [...(found.get(name) ?? []), Number(value)]);
  }
  return found;
}
