export { useMicrogrid } from "./microgrid.ts";
export { NoWallet } from "./NoWallet.tsx";
