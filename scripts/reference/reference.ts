import { type Definition, type Member, readInterfaces, type Variable } from "./interfaces.ts";
import { type NatSpec, natSpecOf } from "./natSpec.ts";

/** The file, from the project's root. */
export const REFERENCE = "docs/CONTRACTS.md";

/** The contracts, as `npm run call` names them, and the interfaces that each offers. */
const CONTRACTS: Readonly<Record<string, readonly string[]>> = {
  microgrids: ["IMicrogrids"],
  meters: ["IMeters"],
  energy: ["IEnergyToken"],
  marketplace: ["IEscrow", "IOrders", "IMandates", "IDeals", "ISpot", "ISettlement", "IForwards"],
  board: ["IBoard"],
};

const INTRODUCTION = `# The contracts

Made by \`npm run reference\` from the interfaces in [contracts/interfaces](../contracts/interfaces); don't change it by hand.
[ARCHITECTURE.md](ARCHITECTURE.md) says how the contracts work together, [GLOSSARY.md](GLOSSARY.md) what the words mean. The energy token
is an ERC-1155 as well.

\`npm run call -- CONTRACT.FUNCTION ARGUMENT...\` asks or calls any of these functions.
`;

/** The reference of all contracts, as Markdown. @throws Error when the interfaces don't compile */
export function referenceText(): string {
  const interfaces = readInterfaces();
  const sections = Object.entries(CONTRACTS).map(([contract, names]) => {
    const definitions = names.flatMap((name) => {
      const found = interfaces.get(name);
      if (found === undefined) throw new Error(`There is no interface ${name}.`);
      return found;
    });
    return [`## ${contract}`, ...definitions.flatMap(sectionsOf)].join("\n\n");
  });
  return `${[INTRODUCTION.trim(), ...sections].join("\n\n")}\n`;
}

function sectionsOf(definition: Definition): string[] {
  const spec = natSpecOf(definition.documentation?.text);
  if (definition.nodeType === "StructDefinition") {
    return [`### struct ${definition.name}`, ...wordsOf(spec), listOf(definition.members, spec)];
  }
  return [
    `### ${definition.name}: ${spec.title.replace(/\.$/, "")}`,
    ...wordsOf(spec),
    ...membersOf(definition.nodes, "FunctionDefinition"),
    ...membersOf(definition.nodes, "EventDefinition"),
    ...membersOf(definition.nodes, "ErrorDefinition"),
  ];
}

const membersOf = (members: readonly Member[], kind: Member["nodeType"]): string[] =>
  members.filter(({ nodeType }) => nodeType === kind).flatMap(memberOf);

function memberOf(member: Member): string[] {
  const spec = natSpecOf(member.documentation?.text);
  const inputs = member.parameters.parameters;
  const lines = [
    `#### ${KINDS[member.nodeType]}${member.name}`,
    `\`${member.name}(${inputs.map(declared).join(", ")})${answersOf(member)}\``,
    ...wordsOf(spec),
  ];
  const described = inputs.filter(({ name }) => spec.params.has(name));
  if (described.length > 0) lines.push(listOf(described, spec));
  if (spec.returns !== "") lines.push(`Returns ${spec.returns}`);
  return lines;
}

const KINDS = { FunctionDefinition: "", EventDefinition: "event ", ErrorDefinition: "error " };

const wordsOf = ({ notice, dev }: NatSpec): string[] => [notice, dev].filter((text) => text !== "");

function answersOf(member: Member): string {
  if (member.nodeType !== "FunctionDefinition") return "";
  const { stateMutability, returnParameters } = member;
  const view = stateMutability === "nonpayable" ? "" : ` ${stateMutability}`;
  const answers = returnParameters.parameters.map(declared).join(", ");
  return answers === "" ? view : `${view} returns (${answers})`;
}

const listOf = (variables: readonly Variable[], { params }: NatSpec): string =>
  variables
    .map(
      (each) =>
        `- \`${declared(each)}\`${params.has(each.name) ? `: ${params.get(each.name)}` : ""}`,
    )
    .join("\n");

const declared = ({ name, indexed, typeDescriptions: { typeString } }: Variable): string => {
  const type = typeString.replace(/\b(struct|enum|contract) /g, "");
  return [type, indexed ? "indexed" : "", name].filter((word) => word !== "").join(" ");
};
