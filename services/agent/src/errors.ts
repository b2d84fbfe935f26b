import { MendableError } from "@wattline/common/mendable";

export { reasonOf } from "@wattline/common/mendable";

/** Something that the household can mend; the message names it and says how. */
export class AgentError extends MendableError {
  override readonly name: string = "AgentError";
}
