// A token that anybody mints, and that misbehaves when it is told to: the contracts' own mock, on the tests' chain.
import { readFileSync } from "node:fs";
import { type Abi, type Address, type Hex, zeroAddress } from "viem";
import { publicClient, walletOf } from "./chain";

const ARTEFACT = new URL("../../build/contracts/MockToken.json", import.meta.url);

function artefact(): { abi: Abi; bytecode: Hex } {
  const { abi, bytecode } = JSON.parse(readFileSync(ARTEFACT, "utf8")) as { abi: Abi; bytecode: string };
  return { abi, bytecode: `0x${bytecode.replace(/^0x/, "")}` };
}

export class Token {
  private constructor(
    readonly address: Address,
    private readonly owner: number,
  ) {}

  static async deploy(account: number): Promise<Token> {
    const hash = await walletOf(account).deployContract({ ...artefact(), chain: null });
    const { contractAddress } = await publicClient().waitForTransactionReceipt({ hash });
    return new Token(contractAddress ?? zeroAddress, account);
  }

  /** Call one of its functions: `mint`, `setFee`, `setRefuses`. */
  async tell(functionName: string, ...args: unknown[]): Promise<void> {
    const { abi } = artefact();
    const call = { address: this.address, abi, functionName, args, chain: null };
    const hash = await walletOf(this.owner).writeContract(call);
    await publicClient().waitForTransactionReceipt({ hash });
  }
}
