// A wallet for tests: it announces itself by EIP-6963 and signs real transactions with one of anvil's accounts.
import type { Page } from "@playwright/test";
import { createWalletClient, type Hex, http, numberToHex, type TypedDataDefinition } from "viem";
import { mnemonicToAccount } from "viem/accounts";

const MNEMONIC = "test test test test test test test test test test test junk";

export const anvilAccount = (index: number) => mnemonicToAccount(MNEMONIC, { addressIndex: index });

interface Request {
  method: string;
  params?: unknown[];
}

type Answer = { result: unknown } | { error: { code: number; message: string; data?: unknown } };

/** What tests do with the wallet; what the page asks of it goes through `answer`. */
export class TestWallet {
  private account;
  private chainId = 31337;
  private known = new Set([31337]);
  private refusals = 0;
  private connected = false;
  readonly asked: string[] = [];
  /** The typed data that it signed, the newest last. */
  readonly signed: TypedDataDefinition[] = [];

  private constructor(
    private readonly page: Page,
    private readonly rpc: string,
    readonly name: string,
    index: number,
  ) {
    this.account = anvilAccount(index);
  }

  /** Put a wallet into a page that was not opened yet. */
  static async install(
    page: Page,
    rpc: string,
    options: { name?: string; account?: number } = {},
  ): Promise<TestWallet> {
    const { name = "Test wallet", account = 0 } = options;
    const wallet = new TestWallet(page, rpc, name, account);
    const binding = `wallet_${name.replace(/\W/g, "_")}`;
    await page.exposeFunction(binding, (request: Request) => wallet.answer(request));
    await page.addInitScript(provide, { binding, name });
    return wallet;
  }

  get address(): string {
    return this.account.address;
  }

  /** The user declines what the wallet asks next. */
  refuseNext(): void {
    this.refusals += 1;
  }

  /** The user chooses another account in the wallet. */
  async chooseAccount(index: number): Promise<void> {
    this.account = anvilAccount(index);
    await this.emit("accountsChanged", [this.address]);
  }

  /** The user chooses another chain in the wallet. */
  async chooseChain(chainId: number): Promise<void> {
    this.chainId = chainId;
    await this.emit("chainChanged", numberToHex(chainId));
  }

  /** The wallet does not know the page's network: it must be told of it before it can switch. */
  forgetNetworks(): void {
    this.known.clear();
  }

  private async answer(request: Request): Promise<Answer> {
    this.asked.push(request.method);
    try {
      return { result: await this.handle(request) };
    } catch (error) {
      const {
        code = -32603,
        message = String(error),
        data,
      } = error as { code?: number; message?: string; data?: unknown };
      return { error: { code, message, data } };
    }
  }

  private async handle({ method, params = [] }: Request): Promise<unknown> {
    switch (method) {
      case "eth_requestAccounts":
      case "wallet_requestPermissions":
        this.consent();
        this.connected = true;
        return method === "eth_requestAccounts" ? [this.address] : [{ parentCapability: "eth_accounts" }];
      case "eth_accounts":
        return this.connected ? [this.address] : [];
      case "wallet_revokePermissions":
        this.connected = false;
        return null;
      case "eth_chainId":
        return numberToHex(this.chainId);
      case "wallet_switchEthereumChain":
        return this.switchTo(params);
      case "wallet_addEthereumChain":
        this.consent();
        this.known.add(Number((params[0] as { chainId: Hex }).chainId));
        return this.switchTo(params);
      case "eth_sendTransaction":
        this.consent();
        return this.send(params[0] as Record<string, Hex>);
      case "eth_signTypedData_v4":
        this.consent();
        return this.signTyped(JSON.parse(String(params[1])) as TypedDataDefinition);
      default:
        return this.forward(method, params);
    }
  }

  private async switchTo(params: unknown[]): Promise<null> {
    const chainId = Number((params[0] as { chainId: Hex }).chainId);
    if (!this.known.has(chainId)) throw { code: 4902, message: "Unrecognized chain ID" };
    this.consent();
    await this.chooseChain(chainId);
    return null;
  }

  private consent(): void {
    if (this.refusals === 0) return;
    this.refusals -= 1;
    throw { code: 4001, message: "User rejected the request." };
  }

  private send(transaction: Record<string, Hex>): Promise<Hex> {
    const client = createWalletClient({ account: this.account, transport: http(this.rpc) });
    const { to, data, value, gas } = transaction;
    return client.sendTransaction({
      to,
      data,
      value: value === undefined ? undefined : BigInt(value),
      gas: gas === undefined ? undefined : BigInt(gas),
      chain: null,
    });
  }

  private signTyped(data: TypedDataDefinition): Promise<Hex> {
    this.signed.push(data);
    return this.account.signTypedData(data);
  }

  private async forward(method: string, params: unknown[]): Promise<unknown> {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const answer = await fetch(this.rpc, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
    const document = (await answer.json()) as { result?: unknown; error?: { code: number; message: string } };
    if (document.error !== undefined) throw document.error;
    return document.result;
  }

  private async emit(event: string, value: unknown): Promise<void> {
    const script = ([name, kind, detail]: [string, string, unknown]) =>
      window.dispatchEvent(new CustomEvent(`test-wallet:${name}`, { detail: { kind, detail } }));
    await this.page.evaluate(script, [this.name, event, value] as [string, string, unknown]);
  }
}

/** Runs in the page before its own scripts. */
function provide({ binding, name }: { binding: string; name: string }): void {
  const listeners = new Map<string, Set<(value: unknown) => void>>();
  const ask = (window as unknown as Record<string, (request: Request) => Promise<Answer>>)[binding];
  const provider = {
    request: async (request: Request) => {
      const answer = await ask?.(request);
      if (answer === undefined) throw new Error("the wallet is gone");
      if ("error" in answer) throw Object.assign(new Error(answer.error.message), answer.error);
      return answer.result;
    },
    on: (event: string, listener: (value: unknown) => void) => {
      listeners.set(event, (listeners.get(event) ?? new Set()).add(listener));
    },
    removeListener: (event: string, listener: (value: unknown) => void) =>
      listeners.get(event)?.delete(listener),
  };
  window.addEventListener(`test-wallet:${name}`, (event) => {
    const { kind, detail } = (event as CustomEvent<{ kind: string; detail: unknown }>).detail;
    for (const listener of listeners.get(kind) ?? []) listener(detail);
  });
  const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
  const info = {
    uuid: `00000000-0000-4000-8000-${binding.length.toString().padStart(12, "0")}`,
    name,
    icon,
    rdns: `test.${binding}`,
  };
  const announce = () =>
    window.dispatchEvent(
      new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }),
    );
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
