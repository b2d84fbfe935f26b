import { t } from "@lingui/core/macro";
import type { DeliveryRule } from "@wattline/sdk/statements";

/** What is wrong with a statement, in the reader's language; the finding's own message has the values. */
export const ruleNames = (): Readonly<Record<DeliveryRule, string>> => ({
  chain: t`It is of another chain or of other contracts`,
  period: t`Its microgrid or its slots don't exist`,
  id: t`Its id is of another household or period`,
  "import-signature": t`The meter did not sign this import`,
  "meter-of-another": t`The meter was not this household's in this slot`,
  "slot-twice": t`A slot is there twice`,
  "purchase-unknown": t`There is no such purchase`,
  "purchase-of-another": t`Somebody else bought this energy`,
  "purchase-from-grid": t`This energy was bought from the grid`,
  "purchase-differs": t`The purchase was another one than stated`,
  "purchase-twice": t`A purchase is listed twice`,
  "retirement-unknown": t`There is no such retirement`,
  "retirement-of-another": t`Somebody else retired this energy`,
  "retirement-of-another-statement": t`The energy was retired for something else`,
  "retirement-differs": t`The retirement was another one than stated`,
  "retirement-twice": t`A retirement is listed twice`,
  "slot-differs": t`A slot's sums are not those of the listed evidence`,
  "total-differs": t`The total is not the sum of the slots`,
});
