import { Trans, useLingui } from "@lingui/react/macro";
import { isAddressEqual } from "viem";
import { useMicrogrids, useNetwork } from "../../chain/index.ts";
import { loadMessages } from "../../i18n/index.ts";
import { Badge, Button, Dialog } from "../../ui/index.ts";
import { answer, type DemoRequest } from "../demo/requests.ts";
import {
  type Description,
  describeCall,
  describeTypedData,
  type Field,
} from "../words/describe.ts";

// The words come with what is said in them.
await Promise.all([loadMessages("wallet/dialogs"), loadMessages("wallet/words")]);

/** What a wallet shows before it signs: the request in words and all its fields; confirm or decline. */
export default function ConfirmDialog({ request }: { readonly request: DemoRequest }) {
  const { t } = useLingui();
  const { demo, name } = useNetwork();
  const who = demo?.accounts.find(({ address }) => isAddressEqual(address, request.account));
  const { title, words, each = [], fields } = useDescription(request);
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && answer(request.id, false)}
      title={title}
      description={t`Demo wallet of ${who?.name ?? request.account} on ${name}`}
    >
      <div className="mb-4">
        <Badge tone="sun">
          <Trans>Play money: this wallet's keys are public</Trans>
        </Badge>
      </div>
      {words.map((sentence) => (
        <p key={sentence} className="mb-3 text-lg">
          {sentence}
        </p>
      ))}
      {each.length > 0 && (
        <section
          aria-label={t`One by one`}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
          tabIndex={0}
          className="mb-3 max-h-[40dvh] overflow-y-auto rounded-xl border border-line"
        >
          <ol className="list-decimal divide-y divide-line pl-8 text-sm">
            {each.map((sentence, index) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: two may say the same.
              <li key={index} className="py-2 pr-3">
                {sentence}
              </li>
            ))}
          </ol>
        </section>
      )}
      {fields.length > 0 && (
        <details className="text-sm">
          <summary className="inline-block rounded-md py-1 font-semibold">
            <Trans>Everything that is asked for</Trans>
          </summary>
          <Fields fields={fields} />
        </details>
      )}
      <div className="mt-5 grid grid-cols-2 gap-3">
        <Button size="large" onClick={() => answer(request.id, false)}>
          <Trans>Decline</Trans>
        </Button>
        <Button size="large" look="primary" onClick={() => answer(request.id, true)}>
          <Trans>Confirm</Trans>
        </Button>
      </div>
    </Dialog>
  );
}

function Fields({ fields }: { readonly fields: readonly Field[] }) {
  const { t } = useLingui();
  return (
    <section
      aria-label={t`Everything that is asked for`}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region has to be reached by keyboard.
      tabIndex={0}
      className="mt-1 max-h-[30dvh] overflow-y-auto rounded-xl bg-sunken p-3 text-sm"
    >
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        {fields.map(({ path, value }) => (
          <div key={path} className="contents">
            <dt className="text-muted">{path}</dt>
            <dd className="font-mono break-all">{value}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function useDescription(request: DemoRequest): Description & { readonly title: string } {
  const { t } = useLingui();
  const network = useNetwork();
  const { data: microgrids = [] } = useMicrogrids();
  const telling = { network, microgrids };
  switch (request.kind) {
    case "connect":
      return {
        title: t`Connect to Wattline`,
        words: [
          t`Wattline may see this account and ask for signatures. It can sign nothing by itself.`,
        ],
        fields: [{ path: t`account`, value: request.account }],
      };
    case "message":
      return { title: t`Sign a message`, words: [request.text], fields: [] };
    case "typedData":
      return { title: t`Sign`, ...describeTypedData(request.typedData, telling) };
    case "transaction":
      return { title: t`Send a transaction`, ...describeCall(request, telling) };
  }
}
