/** What people are called, and how an account is shown. */
export { useAgreed, useDirectory, useNamesChanged } from "./directories.ts";
export { NamesOfPeople } from "./NamesOfPeople.tsx";
export { type Called, calledOf, inFull, inShort, useCalled } from "./names.ts";
export { Person } from "./Person.tsx";
