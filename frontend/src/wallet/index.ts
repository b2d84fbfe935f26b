import { lazily } from "../ui/index.ts";

export { isRejection, refusalIn } from "./answers.ts";
export { CommunityPays } from "./CommunityPays.tsx";
export { ConnectButton } from "./ConnectButton.tsx";
export type { Deed } from "./deed.ts";
export { DemoConfirm } from "./demo/DemoConfirm.tsx";
export { type Reason, reasonOf, refusalInWords, wordsFor } from "./errors.ts";
export { Failure, ReadingFailure } from "./Failure.tsx";
export { Messages } from "./Messages.tsx";
export { usePayer } from "./payer.ts";
export { notify } from "./toasts.tsx";
export { useDeposit, useDepositWay } from "./useDeposit.ts";
export { useDirectorySigner, useListingSigner } from "./useNamesSigner.ts";
export { useBookSigner, useSigner, useWithdrawalSigner } from "./useSigner.ts";
export { type Outcome, useTransact } from "./useTransact.ts";
export { type DemoPerson, useTryDemo } from "./useTryDemo.ts";
export { wagmiConfigOf } from "./wagmi.ts";

/** Goes on with what was sent before; comes after the first page. */
export const PendingTransactions = lazily(() => import("./PendingTransactions.tsx"));

/** Where money comes from that a wallet lacks; comes when it is first shown. */
export const MoreMoney = lazily(() => import("./dialogs/MoreMoney.tsx"));
