// From ABI entries to the text of TypeScript modules.
export const HEAD = "// Made by `npm run generate`: never edited by hand.\n\n";

export function abiModule(abis) {
  const parts = abis.map(([name, abi]) => `export const ${name} = ${JSON.stringify(abi)} as const;\n`);
  return HEAD + parts.join("\n");
}

export function enumsModule(enums) {
  return (
    HEAD +
    Object.entries(enums)
      .map(([name, members]) => {
        const values = members.map((member, value) => `${member}: ${value}`).join(", ");
        return `export const ${name} = { ${values} } as const;\nexport type ${name} = (typeof ${name})[keyof typeof ${name}];\n`;
      })
      .join("\n")
  );
}

/** One interface for the arguments of each event, the union of all, and what decodes them. */
export function eventsModule(events) {
  const enums = new Set();
  const fields = (inputs, depth) =>
    inputs
      .map((input) => `${"  ".repeat(depth)}${input.name}: ${typescript(input, depth, enums)};`)
      .join("\n");
  const kinds = events.map(({ name, inputs }) => `  ${name}: {\n${fields(inputs, 2)}\n  };`).join("\n");
  return [
    HEAD.trimEnd(),
    "",
    'import type { AbiEvent, Address, Hex } from "viem";',
    `import type { ${[...enums].sort().join(", ")} } from "./enums";`,
    "",
    "/** What each event says, by its name. */",
    `export interface EventArgs {\n${kinds}\n}`,
    "",
    "export type EventName = keyof EventArgs;",
    "/** An event of any kind; its name tells the kind. */",
    "export type ProtocolEvent = { [N in EventName]: { name: N; args: EventArgs[N] } }[EventName];",
    "",
    `export const EVENT_ABI: readonly AbiEvent[] = ${JSON.stringify(events)};`,
    "",
  ].join("\n");
}

export function errorsModule(errors, words) {
  return [
    HEAD.trimEnd(),
    "",
    'import type { Abi } from "viem";',
    "",
    'type AbiError = Extract<Abi[number], { type: "error" }>;',
    "",
    "/** What docs/errors.md says of an error: its values' names, its cause (a phrase), its cure (a sentence). */",
    "export interface ErrorWords {\n  parameters: readonly string[];\n  cause: string;\n  cure: string;\n}",
    "",
    `export const ERROR_WORDS: Record<string, ErrorWords> = ${JSON.stringify(words, null, 2)};`,
    "",
    `export const ERROR_ABI: readonly AbiError[] = ${JSON.stringify(errors)};`,
    "",
  ].join("\n");
}

/** The type that viem decodes a parameter to. */
function typescript(input, depth, enums) {
  const { type, internalType = "", components = [] } = input;
  if (type.endsWith("[]")) {
    return `readonly ${typescript({ ...input, type: type.slice(0, -2) }, depth, enums)}[]`;
  }
  if (internalType.startsWith("enum ")) {
    const name = internalType.slice(5).split(".").pop();
    enums.add(name);
    return name;
  }
  if (type === "tuple") {
    const inner = components
      .map((part) => `${"  ".repeat(depth + 1)}${part.name}: ${typescript(part, depth + 1, enums)};`)
      .join("\n");
    return `{\n${inner}\n${"  ".repeat(depth)}}`;
  }
  const integer = /^u?int(\d+)$/.exec(type);
  if (integer !== null) return Number(integer[1]) <= 48 ? "number" : "bigint";
  if (type === "bool") return "boolean";
  if (type === "string") return "string";
  if (type === "address") return "Address";
  if (/^bytes\d*$/.test(type)) return "Hex";
  throw new Error(`no TypeScript type for ${type}`);
}
