// A wallet for tests: it announces itself by EIP-6963 and signs real transactions with one of anvil's accounts.
import type { Page } from "@playwright/test";
import {
  createWalletClient,
  type Hex,
  http,
  keccak256,
  numberToHex,
  stringToHex,
  type TypedDataDefinition,
} from "viem";
import { mnemonicToAccount } from "viem/accounts";

const MNEMONIC = "test test test test test test test test test test test junk";

export const anvilAccount = (index: number) => mnemonicToAccount(MNEMONIC, { addressIndex: index });

interface Request {
  method: string;
  params?: unknown[];
}

/** What a wallet throws: EIP-1193's codes, or a node's. */
export interface WalletError {
  code: number;
  message: string;
  data?: unknown;
}

const REFUSED: WalletError = { code: 4001, message: "User rejected the request." };
const PENDING: WalletError = { code: -32002, message: "Already processing a request. Please wait." };

type Answer = { result: unknown } | { error: WalletError };

/** What tests do with the wallet; what the page asks of it goes through `answer`. */
export class TestWallet {
  private account;
  /** Every account that was chosen: what it was asked to sign for, it signs for. */
  private readonly used: ReturnType<typeof anvilAccount>[];
  private chainId = 31337;
  private known = new Set([31337]);
  private readonly failures: WalletError[] = [];
  private held: Promise<unknown> | null = null;
  private connected = false;
  readonly asked: string[] = [];
  /** The networks that the page told it of. */
  readonly added: unknown[] = [];
  /** The typed data that it signed, the newest last. */
  readonly signed: TypedDataDefinition[] = [];

  private constructor(
    private readonly page: Page,
    private readonly rpc: string,
    readonly name: string,
    index: number,
  ) {
    this.account = anvilAccount(index);
    this.used = [this.account];
  }

  /** Put a wallet into a page that was not opened yet. */
  static async install(
    page: Page,
    rpc: string,
    options: { name?: string; account?: number; silent?: boolean } = {},
  ): Promise<TestWallet> {
    const { name = "Test wallet", account = 0, silent = false } = options;
    const wallet = new TestWallet(page, rpc, name, account);
    const binding = `wallet_${name.replace(/\W/g, "_")}`;
    const id = keccak256(stringToHex(name)).slice(2, 14);
    await page.exposeFunction(binding, (request: Request) => wallet.answer(request));
    await page.addInitScript(provide, { binding, name, id, silent });
    return wallet;
  }

  get address(): string {
    return this.account.address;
  }

  /** How often the page asked for something. */
  count(method: string): number {
    return this.asked.filter((asked) => asked === method).length;
  }

  /** The user declines what the wallet asks next. */
  refuseNext(): void {
    this.failNext(REFUSED);
  }

  /** The wallet shows a question of before still, and takes no other. */
  busyNext(): void {
    this.failNext(PENDING);
  }

  /** Whatever the wallet is to ask next fails like this. */
  failNext(error: WalletError): void {
    this.failures.push(error);
  }

  /** The user lets the wallet's questions wait; the answer to them is given by what this returns. */
  hold(): (error?: "refused") => void {
    let answered: (value: null) => void = () => undefined;
    this.held = new Promise((resolve) => {
      answered = resolve;
    });
    return (error) => {
      if (error === "refused") this.refuseNext();
      this.held = null;
      answered(null);
    };
  }

  /** A wallet that was installed silent announces itself. */
  async announce(): Promise<void> {
    await this.emit("announce", null);
  }

  /** The user agrees in the wallet, without having been asked by the page just now. */
  async approve(): Promise<void> {
    this.connected = true;
    await this.emit("accountsChanged", [this.address]);
  }

  /** The user takes the page's permission back, in the wallet. */
  async leave(): Promise<void> {
    this.connected = false;
    await this.emit("accountsChanged", []);
  }

  /** The user chooses another account in the wallet. */
  async chooseAccount(index: number): Promise<void> {
    this.account = anvilAccount(index);
    this.used.push(this.account);
    await this.emit("accountsChanged", [this.address]);
  }

  /** The user chooses another chain in the wallet, which tells the page unless it is `silent`. */
  async chooseChain(chainId: number, silent = false): Promise<void> {
    this.chainId = chainId;
    if (silent) return;
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
        await this.consent();
        this.connected = true;
        return method === "eth_requestAccounts" ? [this.address] : [this.permission()];
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
        await this.consent();
        this.added.push(params[0]);
        this.known.add(Number((params[0] as { chainId: Hex }).chainId));
        return this.switchTo(params);
      case "eth_sendTransaction":
        await this.consent();
        return this.send(params[0] as Record<string, Hex>);
      case "eth_signTypedData_v4":
        await this.consent();
        return this.signTyped(JSON.parse(String(params[1])) as TypedDataDefinition);
      default:
        return this.forward(method, params);
    }
  }

  private async switchTo(params: unknown[]): Promise<null> {
    const chainId = Number((params[0] as { chainId: Hex }).chainId);
    if (!this.known.has(chainId)) throw { code: 4902, message: "Unrecognized chain ID" };
    await this.consent();
    await this.chooseChain(chainId);
    return null;
  }

  /** Ask the user. */
  private async consent(): Promise<void> {
    await this.held;
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }

  private permission() {
    const caveats = [{ type: "restrictReturnedAccounts", value: [this.address] }];
    return { parentCapability: "eth_accounts", caveats };
  }

  private send(transaction: Record<string, Hex>): Promise<Hex> {
    const { from, to, data, value, gas } = transaction;
    const account = this.used.find(({ address }) => address.toLowerCase() === from?.toLowerCase());
    if (account === undefined) throw { code: 4100, message: "The account is not authorized." };
    const client = createWalletClient({ account, transport: http(this.rpc) });
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
function provide(of: { binding: string; name: string; id: string; silent: boolean }): void {
  const { binding, name, id, silent } = of;
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
    if (kind === "announce") return open();
    for (const listener of listeners.get(kind) ?? []) listener(detail);
  });
  const icon = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E";
  const info = { uuid: `00000000-0000-4000-8000-${id}`, name, icon, rdns: `test.${binding}` };
  const announce = () =>
    window.dispatchEvent(
      new CustomEvent("eip6963:announceProvider", { detail: Object.freeze({ info, provider }) }),
    );
  const open = () => {
    window.addEventListener("eip6963:requestProvider", announce);
    announce();
  };
  if (!silent) open();
}
