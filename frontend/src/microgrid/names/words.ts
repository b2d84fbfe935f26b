import type { Listing } from "@wattline/sdk";

/** What a household is to be called. */
export type Words = Pick<Listing, "name" | "street">;

export const NO_WORDS: Words = { name: "", street: "" };

/** Words as they are signed and shown: in Unicode's composed form, with no space around them. */
export const tidy = ({ name, street }: Words): Words => ({
  name: name.trim().normalize("NFC"),
  street: street.trim().normalize("NFC"),
});

export const isSame = (a: Words, b: Words): boolean => a.name === b.name && a.street === b.street;
