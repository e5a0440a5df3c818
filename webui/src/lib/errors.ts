// Why something failed, in the words of docs/errors.md; nothing that a person sees is hex.
import { BaseError, decodeErrorResult, type Hex, isHex, parseAbi, UserRejectedRequestError } from "viem";
import { ERROR_ABI, ERROR_WORDS } from "@/generated/errors";
import { COIN } from "./coin";
import { formatAmount, shorten } from "./format";
import { cleanText, plural } from "./text";

/** What went wrong (a sentence), why, and what to do about it. */
export interface Problem {
  title: string;
  cure: string;
  /** The contract's error, if it is one, and its values by their names. */
  name: string | null;
  values: readonly (readonly [string, string])[];
}

const STANDARD = parseAbi(["error Error(string message)", "error Panic(uint256 code)"]);
const REFUSED = new Set([4001, 5000]);
/** A wallet that shows another question still. */
const BUSY = -32002;

/**
 * Whether it was the user who said no in the wallet: that is no error. The innermost code counts, since wagmi calls
 * everything a refusal that goes wrong while a wallet adds a network.
 */
export function isRefusal(error: unknown): boolean {
  const codes = codesOf(error);
  if (codes.length > 0) return REFUSED.has(codes.at(-1) ?? 0);
  return chain(error).some((inner) => (inner as { name?: unknown }).name === "UserRejectedRequestError");
}

/** Explain any error of viem, of a wallet, or of a contract. */
export function explain(error: unknown): Problem {
  if (error instanceof UserRejectedRequestError && error.cause !== undefined && !isRefusal(error))
    return explain(error.cause);
  const data = revertData(error);
  if (data !== null) return explainRevert(data);
  const links = chain(error);
  const named = (name: string) => links.some((inner) => (inner as { name?: unknown }).name === name);
  const text = links.map((inner) => (inner instanceof Error ? inner.message : "")).join("\n");
  if (named("InsufficientFundsError") || /insufficient funds/i.test(text)) return cannotPay();
  if (named("NonceTooLowError") || named("NonceTooHighError") || /nonce too (low|high)/i.test(text)) {
    const cure =
      "If the local chain was started anew, clear the wallet's activity data for this network; else try again.";
    return problem("The wallet counts the account's transactions otherwise than the chain does", cure);
  }
  if (named("WaitForTransactionReceiptTimeoutError")) {
    const cure = "It may still come: look at the wallet's activity before you send it again.";
    return problem("The transaction is not in a block yet", cure);
  }
  if (named("HttpRequestError") || named("TimeoutError") || named("WebSocketRequestError")) {
    return problem(
      "The chain's RPC does not answer",
      "Wait a moment, or set another one on the page Network.",
    );
  }
  if (codesOf(error).includes(BUSY) || /already pending/i.test(text)) {
    return problem("The wallet waits for you already", "Look into your wallet and answer what it asks.");
  }
  if (named("ConnectorAccountNotFoundError") || named("UnauthorizedProviderError")) {
    const cure = "Choose the account in the wallet and let this page use it; nothing was sent.";
    return problem("The wallet does not let this page use the account any more", cure);
  }
  if (named("ChainMismatchError") || named("ConnectorNotConnectedError")) {
    const cure = "Connect it, and switch it to this page's network above; nothing was sent.";
    return problem("The wallet left this page's network meanwhile", cure);
  }
  const short = error instanceof BaseError ? error.shortMessage : error instanceof Error ? error.message : "";
  return problem(
    withoutHex(cleanText(short)) || "Something failed that has no name",
    "Try again; if it stays, reload the page.",
  );
}

/** An account has too little; of what it needs the sums are told where they are known. */
export function cannotPay(sums?: { has: bigint; needs: bigint }): Problem {
  const lack = sums && `It has ${formatAmount(sums.has)} and needs up to ${formatAmount(sums.needs)}. `;
  const cure = `Send it some ${COIN.symbol} of this network, or use another account.`;
  return problem("The account cannot pay for this", `${lack ?? ""}${cure}`);
}

/** Explain what a contract reverted with. */
export function explainRevert(data: Hex): Problem {
  if (data === "0x") return fromWords("NoReason", []);
  try {
    const { errorName, args } = decodeErrorResult({ abi: [...STANDARD, ...ERROR_ABI], data });
    const values: readonly unknown[] = args ?? [];
    if (errorName === "Error")
      return problem(`The contract refused: ${cleanText(values[0])}`, "Check the values.");
    return fromWords(errorName, values);
  } catch {
    return fromWords("Unknown", []);
  }
}

/** The data of a revert, wherever in the error it is; null when it is none. */
export function revertData(error: unknown): Hex | null {
  for (const inner of chain(error)) {
    const { data } = inner as { data?: unknown };
    const found = hexIn(data);
    if (found !== null) return found;
  }
  return null;
}

/** Wallets pack what the node said into objects of their own, some levels deep. */
function hexIn(data: unknown, depth = 0): Hex | null {
  if (isHex(data)) return data;
  if (typeof data !== "object" || data === null || depth > 3) return null;
  const { data: inner, originalError } = data as { data?: unknown; originalError?: unknown };
  return hexIn(inner, depth + 1) ?? hexIn(originalError, depth + 1);
}

function fromWords(name: string, values: readonly unknown[]): Problem {
  const words = ERROR_WORDS[name];
  const inputs = ERROR_ABI.find((entry) => entry.name === name)?.inputs ?? [];
  const pairs = values.map(
    (value, at) => [inputs[at]?.name || `value ${at + 1}`, valueWords(value, inputs[at]?.type)] as const,
  );
  if (words === undefined)
    return { ...problem(`The contract refused: ${name}`, "See docs/errors.md."), name, values: pairs };
  return { title: sentence(words.cause), cure: words.cure, name, values: pairs };
}

/** Bytes are told by their number, hashes short; addresses and numbers as they are. */
function valueWords(value: unknown, type = ""): string {
  const text = String(value);
  if (type === "bytes") return plural((text.length - 2) / 2, "byte");
  return type === "bytes32" ? shorten(text, 10, 6) : cleanText(text, 80);
}

function problem(title: string, cure: string): Problem {
  return { title, cure, name: null, values: [] };
}

/** The codes of an error and its causes, the innermost last. */
function codesOf(error: unknown): number[] {
  const codes = chain(error).map((inner) => (inner as { code?: unknown }).code);
  return codes.filter((code) => typeof code === "number");
}

/** An error and its causes. */
function chain(error: unknown): object[] {
  const links: object[] = [];
  for (
    let at = error;
    typeof at === "object" && at !== null && links.length < 20;
    at = (at as { cause?: unknown }).cause
  ) {
    links.push(at);
  }
  return links;
}

function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

function withoutHex(text: string): string {
  return text.replace(/0x[0-9a-fA-F]{9,}/g, "…");
}
