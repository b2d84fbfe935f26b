export { ConnectButton } from "./ConnectButton.tsx";
export { sentenceOfOrder } from "./describe.ts";
export { isRejection, refusalIn, wordsFor } from "./errors.ts";
export { notify } from "./toasts.ts";
export { useDeposit, useDepositWay } from "./useDeposit.ts";
export { useBookSigner, useSigner, useWithdrawalSigner } from "./useSigner.ts";
export { type Deed, type Outcome, useTransact } from "./useTransact.ts";
