export { addressSchema, type KeyConfig, keyIn, keySchema } from "./config.ts";
export {
  KNOWN_KEY,
  type PrivateKey,
  readKeystore,
  readSecret,
  writeKeystore,
  writeNew,
} from "./keystore.ts";
export { openSigner, type Signer, signerOf } from "./signer.ts";
