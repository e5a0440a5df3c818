import { type AbiParameter, decodeAbiParameters, encodeAbiParameters, getAddress, type Hex } from "viem";
import { expect, test } from "vitest";
import { EVENT_ABI } from "@/generated/events";
import { decoderOf } from "./words";

/** A value of each kind, twice: in the middle, and at the bound. */
const SAMPLES: Readonly<Record<string, readonly unknown[]>> = {
  address: ["0x61c36a8d610163660E21a8b7359e1Cac0C9133e1", getAddress(`0x${"ff".repeat(20)}`)],
  bool: [true, false],
  bytes: ["0x0102ff", "0x"],
  bytes32: [`0x${"1f".repeat(32)}`, `0x${"ff".repeat(32)}`],
  string: ["https://miner.example", ""],
  "uint256[]": [[1n, 2n ** 256n - 1n], []],
  int64: [-900_000n, 2n ** 63n - 1n],
};

function sample(parameter: AbiParameter & { components?: readonly AbiParameter[] }, at: number): unknown {
  const { type, components } = parameter;
  if (components !== undefined) return components.map((component) => sample(component, at));
  const bits = /^uint(\d+)$/.exec(type)?.[1];
  if (bits === undefined) return SAMPLES[type]?.[at];
  const value = at === 0 ? 77n : 2n ** BigInt(bits) - 1n;
  return Number(bits) <= 48 ? Number(value) : value;
}

function encoded(inputs: readonly AbiParameter[], at: number): Hex {
  const named = (input: AbiParameter & { components?: readonly AbiParameter[] }): AbiParameter =>
    input.components === undefined
      ? { type: input.type }
      : ({ type: input.type, components: input.components.map(named) } as AbiParameter);
  return encodeAbiParameters(
    inputs.map(named),
    inputs.map((input) => sample(input, at)),
  );
}

test.each(EVENT_ABI.map(({ name, inputs }) => [name, inputs] as const))(
  "%s is read as viem reads it",
  (_, inputs) => {
    const plain = inputs.filter(({ indexed }) => !indexed);
    const indexed = inputs.filter((input) => input.indexed);
    for (const at of [0, 1]) {
      if (plain.length > 0) {
        const data = encoded(plain, at);
        expect(decoderOf(plain)(data)).toEqual(decodeAbiParameters(plain, data));
      }
      for (const input of indexed) {
        const data = encoded([input], at);
        expect(decoderOf([input])(data)).toEqual(decodeAbiParameters([input], data));
      }
    }
  },
);

test("what is too short, or too large for its type, is refused", () => {
  const word: Hex = `0x${"ff".repeat(32)}`;
  const one: Hex = `0x${"00".repeat(31)}01`;
  for (const type of ["uint8", "uint40", "address", "bool", "bytes", "uint256[]"])
    expect(() => decoderOf([{ type }])(word), type).toThrow(RangeError);
  expect(() => decoderOf([{ type: "uint256" }, { type: "bytes32" }])(one)).toThrow(RangeError);
  const long = `0x${"20".padStart(64, "0")}${"21".padStart(64, "0")}${"00".repeat(32)}` as Hex;
  expect(() => decoderOf([{ type: "bytes" }])(long)).toThrow(RangeError);
});
