/** What the simulation was asked to do is wrong; the message names it and what would be right. */
export class OptionsError extends Error {}
