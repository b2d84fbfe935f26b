import { i18n } from "@lingui/core";
import { noonOf } from "../periods.ts";

/** A month in the page's language: "June 2026". */
export const formatMonth = (month: string): string =>
  new Intl.DateTimeFormat(i18n.locale || "en", {
    month: "long",
    year: "numeric",
    timeZone: "UTC",
  }).format(noonOf(`${month}-15`) * 1000);
