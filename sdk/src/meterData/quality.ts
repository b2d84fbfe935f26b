import type { Quality } from "./types.ts";

const MEASURED =
  /^(?:|val|g|l1|a|b|v1|w|ok|actual|measured|real|true|ja|wahrer wert|.*\bg(?:ü|ue|.)ltig.*|gevalideerd.*|valid[ée].*|gelezen|geen verbruik|pas de consommation|read|no consumption|echtwert.*)$/i;
const ESTIMATED =
  /(?:^(?:est|e|l2|l3|s|f|x|\*|1|ersatzwert)$|ersatz|gesch[aä]t|estim|stimat|rechnerisch|fraglich|nicht belastbar|vorl(?:ä|ae|.)ufig|\bL[23]\b)/i;

/** What a cell of a quality column says, in the words and codes of the formats that are read. */
export function qualityOf(cell: string): Quality {
  const text = cell.trim();
  if (ESTIMATED.test(text)) return "estimated";
  return MEASURED.test(text) ? "measured" : "unknown";
}
