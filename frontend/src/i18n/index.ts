export { isLocale, LOCALES, type Locale } from "./locales.ts";
export {
  loadInto,
  loadMessages,
  localeNow,
  setLocale,
  startLocale,
  wantMessages,
} from "./messages.ts";
