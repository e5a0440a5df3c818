import {
  type Abi,
  type Address,
  type ContractFunctionArgs,
  type ContractFunctionName,
  type EncodeFunctionDataParameters,
  encodeFunctionData,
  type Hex,
} from "viem";

/** A write to a contract, ready to be estimated and sent. */
export interface Call {
  to: Address;
  data: Hex;
  value: bigint;
  /** What it does, in the words of a button: "Register the device". */
  label: string;
}

type Writes = "nonpayable" | "payable";

/** Make a call; the contract's ABI says which arguments the function takes. */
export function contractCall<const A extends Abi, F extends ContractFunctionName<A, Writes>>(
  label: string,
  to: Address,
  abi: A,
  functionName: F,
  args: ContractFunctionArgs<A, Writes, F>,
  value = 0n,
): Call {
  const data = encodeFunctionData({ abi, functionName, args } as unknown as EncodeFunctionDataParameters);
  return { to, data, value, label };
}
