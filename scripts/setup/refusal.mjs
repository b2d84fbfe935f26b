/** A reason to stop that the user can fix: printed as a sentence, without a stack trace. */
export class Refusal extends Error {}
