import { useLingui } from "@lingui/react/macro";
import { Languages, Monitor, Moon, Sun } from "lucide-react";
import { LOCALES, type Locale, localeNow, setLocale } from "../i18n/index.ts";
import { Button, setTheme, THEMES, useTheme } from "../ui/index.ts";

const ICONS = { system: Monitor, light: Sun, dark: Moon };

/** Switches from system to light to dark and back to system. */
export function ThemeToggle() {
  const { t } = useLingui();
  const { theme } = useTheme();
  const names = { system: t`as the system`, light: t`light`, dark: t`dark` };
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const Icon = ICONS[theme];
  const [now, then] = [names[theme], names[next]];
  return (
    <Button
      look="ghost"
      size="icon"
      onClick={() => setTheme(next)}
      aria-label={t`Theme: ${now}. Change to ${then}.`}
      title={t`Theme: ${now}`}
    >
      <Icon aria-hidden="true" className="size-5" />
    </Button>
  );
}

export function LanguageSelect() {
  const { t } = useLingui();
  return (
    <span className="relative inline-flex size-10 items-center justify-center rounded-xl hover:bg-sunken has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-(--focus)">
      <Languages aria-hidden="true" className="size-5" />
      <select
        aria-label={t`Language`}
        title={LOCALES[localeNow()]}
        value={localeNow()}
        onChange={({ target }) => void setLocale(target.value as Locale)}
        className="absolute inset-0 cursor-pointer opacity-0"
      >
        {Object.entries(LOCALES).map(([locale, name]) => (
          <option key={locale} value={locale} lang={locale}>
            {name}
          </option>
        ))}
      </select>
    </span>
  );
}
