/** A reason to stop that the user can act on: printed as its sentence, without a stack. */
export class Refusal extends Error {}
