/** A comment in NatSpec, by its tags. */
export interface NatSpec {
  readonly title: string;
  readonly notice: string;
  readonly dev: string;
  readonly params: ReadonlyMap<string, string>;
  readonly returns: string;
}

/** @param text A comment as the compiler gives it, without its slashes. */
export function natSpecOf(text = ""): NatSpec {
  const params = new Map<string, string>();
  const words: Record<string, string> = { title: "", notice: "", dev: "", return: "" };
  // What stands before the first tag is a notice.
  for (const [, tag = "notice", said = ""] of ` ${text.trim()}`.matchAll(
    /(?:\s@(\w+))?\s+((?:(?!\s@\w)[\s\S])+)/g,
  )) {
    const sentence = linked(said.replace(/\s+/g, " ").trim());
    const [name = ""] = sentence.split(" ", 1);
    if (tag === "param") params.set(name, sentence.slice(name.length).trim());
    else if (tag in words) words[tag] = [words[tag], sentence].filter(Boolean).join(" ");
    else throw new Error(`NatSpec has an unexpected tag @${tag}.`);
  }
  const { title = "", notice = "", dev = "", return: returns = "" } = words;
  return { title, notice, dev, params, returns };
}

/** `{IOrders-cancel}` and `{Reading}` as code. */
const linked = (text: string): string =>
  text.replace(/\{([\w-]+)\}/g, (_, name) => `\`${name.replace("-", ".")}\``);
