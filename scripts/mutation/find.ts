/** What could be wrong in a contract: small changes of its code, found in solc's syntax tree. */
/** A change of one place in a source file. Lengths and positions are bytes, as solc's. */
export interface Mutant {
  /** From the folder of the sources. */
  readonly file: string;
  readonly start: number;
  readonly end: number;
  readonly line: number;
  /** An expression keeps its type; a statement may vanish. */
  readonly form: "expression" | "statement";
  readonly original: string;
  /** Empty for a statement that is left out. */
  readonly mutated: string;
}

/** A node of the tree; which other members it has depends on its type. */
interface Node extends Readonly<Record<string, unknown>> {
  readonly nodeType: string;
  readonly src: string;
}

const isNode = (value: unknown): value is Node =>
  isObject(value) && typeof value.nodeType === "string" && typeof value.src === "string";

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null;

function nodeOf(value: unknown): Node {
  if (isNode(value)) return value;
  throw new Error("solc's syntax tree has changed: a node is not where it was.");
}

const OTHER_OPERATORS: Readonly<Record<string, readonly string[]>> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "==": ["!="],
  "!=": ["=="],
  "+": ["-"],
  "-": ["+"],
  "*": ["/"],
  "/": ["*"],
  "%": ["*"],
  "&": ["|"],
  "|": ["&"],
  "^": ["&"],
  "<<": [">>"],
  ">>": ["<<"],
  "&&": ["||"],
  "||": ["&&"],
};

const OTHER_ASSIGNMENTS: Readonly<Record<string, string>> = {
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "|=": "&=",
  "&=": "|=",
  "<<=": ">>=",
  ">>=": "<<=",
};

/** Declarations without code, and code that isn't Solidity. */
const WITHOUT_CODE = new Set([
  "ArrayTypeName",
  "EnumDefinition",
  "ErrorDefinition",
  "EventDefinition",
  "ImportDirective",
  "InlineAssembly",
  "ModifierInvocation",
  "PragmaDirective",
  "StructDefinition",
  "UsingForDirective",
]);

const STATEMENTS = new Set(["EmitStatement", "ExpressionStatement", "RevertStatement"]);

/**
 * All mutants of a file, in the order of its text.
 * @param ast Of this text, as solc writes it after the analysis.
 */
export function mutantsOf(file: string, text: string, ast: unknown): Mutant[] {
  const bytes = Buffer.from(text);
  const found: Mutant[] = [];

  const textOf = (node: Node): string => {
    const [start, end] = rangeOf(node);
    return bytes.subarray(start, end).toString();
  };

  function add(node: Node, form: Mutant["form"], mutated: string): void {
    const [start, endOfNode] = rangeOf(node);
    // The tree leaves out the semicolon of a statement.
    const end = form === "statement" ? bytes.indexOf(";", endOfNode) + 1 : endOfNode;
    const line = bytes.subarray(0, start).toString().split("\n").length;
    const original = bytes.subarray(start, end).toString();
    found.push({ file, start, end, line, form, original, mutated });
  }

  function visit(node: Node): void {
    if (WITHOUT_CODE.has(node.nodeType) || isConstant(node)) return;
    if (STATEMENTS.has(node.nodeType)) addStatement(node);
    if (node.nodeType === "BinaryOperation") addBinary(node);
    if (node.nodeType === "UnaryOperation" && node.operator === "!") {
      add(node, "expression", textOf(child(node, "subExpression")));
    }
    if (node.nodeType === "IfStatement") add(child(node, "condition"), "expression", "false");
    if (node.nodeType === "Literal" && node.kind === "number") addLiteral(node);
    for (const each of childrenOf(node)) visit(each);
  }

  function addStatement(node: Node): void {
    add(node, "statement", "");
    const expression = node.expression === undefined ? undefined : child(node, "expression");
    const other = OTHER_ASSIGNMENTS[String(expression?.operator)];
    if (expression?.nodeType !== "Assignment" || other === undefined) return;
    const left = textOf(child(expression, "leftHandSide"));
    const right = textOf(child(expression, "rightHandSide"));
    add(node, "statement", `${left} ${other} ${right};`);
  }

  function addBinary(node: Node): void {
    const left = textOf(child(node, "leftExpression"));
    const right = textOf(child(node, "rightExpression"));
    for (const operator of OTHER_OPERATORS[String(node.operator)] ?? []) {
      add(node, "expression", `${left} ${operator} ${right}`);
    }
  }

  function addLiteral(node: Node): void {
    const value = textOf(node).replaceAll("_", "");
    if (/^\d+$/.test(value)) add(node, "expression", String(BigInt(value) + 1n));
  }

  visit(nodeOf(ast));
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

const rangeOf = ({ src }: Node): [start: number, end: number] => {
  const [start = 0, length = 0] = src.split(":").map(Number);
  return [start, start + length];
};

const child = (node: Node, key: string): Node => nodeOf(node[key]);

/** What the compiler computes once: a guard within would not compile, or would change the type of the result. */
const isConstant = (node: Node): boolean =>
  (node.nodeType === "VariableDeclaration" && node.constant === true) ||
  (node.nodeType !== "Literal" && /^(int|rational)_const/.test(typeOf(node)));

const typeOf = ({ typeDescriptions }: Node): string =>
  isObject(typeDescriptions) ? String(typeDescriptions.typeString) : "";

/** The nodes right below this one, without those that no guard can stand at. */
function childrenOf(node: Node): Node[] {
  const isShift = node.operator === "<<" || node.operator === ">>" || node.operator === "**";
  return Object.entries(node).flatMap(([key, value]) => {
    if (key === "typeName" || key === "overrides" || key === "documentation") return [];
    const nodes = (Array.isArray(value) ? value : [value]).filter(isNode);
    // A number that is shifted takes its type from what it is; a guard would give it the smallest that holds it.
    if (isShift && key === "leftExpression")
      return nodes.filter((each) => each.nodeType !== "Literal");
    // The step of a loop is an expression without a semicolon.
    if (node.nodeType === "ForStatement" && key === "loopExpression")
      return nodes.flatMap(childrenOf);
    return nodes;
  });
}
