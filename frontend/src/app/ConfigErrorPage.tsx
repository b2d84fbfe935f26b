import { i18n } from "@lingui/core";
import { I18nProvider } from "@lingui/react";
import { Trans } from "@lingui/react/macro";
import { buttonClass } from "../ui/index.ts";
import { Logo } from "./Logo.tsx";

function ConfigErrorPage({ message }: { readonly message: string }) {
  return (
    <main className="mx-auto flex min-h-dvh max-w-xl flex-col justify-center gap-4 p-6">
      <Logo className="size-14" />
      <h1 className="text-2xl font-bold">
        <Trans>Wattline can't find its network</Trans>
      </h1>
      <p>
        <Trans>
          The file <code>/wattline.json</code> beside this page says which chain and which contracts
          to use. It is missing or malformed.
        </Trans>
      </p>
      <p role="alert" className="rounded-xl bg-danger-soft p-4 font-mono text-sm break-words">
        {message}
      </p>
      <div>
        <a href="/" className={buttonClass("primary")}>
          <Trans>Try again</Trans>
        </a>
      </div>
    </main>
  );
}

/** Shown in place of the app when `/wattline.json` can't be read. */
export const brokenApp = (message: string) => (
  <I18nProvider i18n={i18n}>
    <ConfigErrorPage message={message} />
  </I18nProvider>
);
